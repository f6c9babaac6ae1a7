// Beast's separately compiled part, once for the whole program.
#include <boost/beast/src.hpp>
