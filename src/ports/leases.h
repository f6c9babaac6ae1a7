// Short exclusive claims by name, so that several processes over one catalog do not do the same
// work twice. A lease ends by itself when its holder dies. It only saves work: nothing may become
// wrong where two hold one name. Adapters: memory, embedded. Contract:
// tests/conformance/leases_suite.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/task.h"

namespace pixgate {

class Leases {
public:
    virtual ~Leases() = default;
    // The token of a new lease that ends after `lifetime`; nullopt where someone holds the name.
    virtual Task<Result<std::optional<std::string>>> try_take(
        std::string name, std::chrono::milliseconds lifetime
    ) = 0;
    // Free again. With the token of a lease that has ended: nothing happens, twice is harmless.
    virtual Task<Result<void>> release(std::string name, std::string token) = 0;
};

}  // namespace pixgate
