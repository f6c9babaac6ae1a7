# Web files inside the binary: cmake/embed_web.cmake writes build/<preset>/web_assets.cpp from web/demo/dist.
