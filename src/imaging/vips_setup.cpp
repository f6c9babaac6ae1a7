#include "imaging/vips_setup.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <vips/vips.h>

// Does not include what it needs, so it comes second.
#include <vips/vector.h>

#include <array>
#include <mutex>
#include <string_view>

namespace pixgate::imaging {
namespace {

constexpr std::size_t kMaxErrorChars = 160;

// Debian keeps the HEIF loader in a module beside the library. Where modules are not searched for
// (see start_zygote.cpp), this one is loaded by name and the others, ImageMagick among them, never
// are.
void load_heif_module() {
    if (g_type_from_name("VipsForeignLoadHeif") != 0) return;
    Dl_info library{};
    if (::dladdr(reinterpret_cast<const void*>(&vips_init), &library) == 0) return;
    const std::string_view file(library.dli_fname);
    const std::string folder(file.substr(0, file.rfind('/')));
    const std::string path = folder + "/vips-modules-" + std::to_string(vips_version(0)) + "." +
                             std::to_string(vips_version(1)) + "/vips-heif.so";
    // Never unloaded: its types stay registered. Absent, HEIF and AVIF are refused as broken.
    g_module_open(path.c_str(), G_MODULE_BIND_LOCAL);
}

void allow_only_our_loaders() {
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (const char* loader :
         {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadNsgif",
          "VipsForeignLoadWebp", "VipsForeignLoadHeif", "VipsForeignLoadTiff"})
        vips_operation_block_set(loader, FALSE);
}

// What loaders warn of is said in the verdict's detail, if it matters; a log line per damaged tile
// would let a stranger fill the log.
void ignore_message(const gchar*, GLogLevelFlags, const gchar*, gpointer) {}

Result<void> start_once() {
    if (vips_init("pixgate") != 0) return fail(Errc::kInternal, "libvips: " + take_vips_error());
    load_heif_module();
    allow_only_our_loaders();
    g_log_set_handler(
        "VIPS",
        static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE),
        &ignore_message, nullptr
    );
    // Orc, the run-time compiler of libvips before 8.16, needs files and executable memory.
    vips_vector_set_enabled(FALSE);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    // The first look-up of a name makes the classes of all operations ready; with this, children
    // are forked with them.
    vips_type_find("VipsOperation", "copy");
    return {};
}

}  // namespace

Result<void> start_vips() {
    static std::once_flag once;
    static Result<void> result;
    std::call_once(once, [] { result = start_once(); });
    return result;
}

SvgLoaderAllowed::SvgLoaderAllowed() {
    vips_operation_block_set("VipsForeignLoadSvg", FALSE);
}

SvgLoaderAllowed::~SvgLoaderAllowed() {
    vips_operation_block_set("VipsForeignLoadSvg", TRUE);
}

std::string take_vips_error() {
    std::string text;
    for (const char* c = vips_error_buffer(); *c != 0 && text.size() < kMaxErrorChars; ++c)
        text += *c >= ' ' && *c <= '~' ? *c : ' ';
    vips_error_clear();
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

}  // namespace pixgate::imaging
