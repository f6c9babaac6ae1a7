// The rows of objects and buckets, and the events they raise. Each function runs inside a
// transaction of the caller's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adapters/embedded/sqlite.h"
#include "core/storage_event.h"
#include "ports/object_store.h"

namespace pixgate::embedded {

struct IndexedObject {
    ObjectInfo info;
    std::string file;  // of the body
};

// kNotFound, reason "bucket", where the bucket is absent.
Result<bool> bucket_raises_events(Connection& db, const std::string& bucket);
Result<std::optional<IndexedObject>> find_object(
    Connection& db, const std::string& bucket, const std::string& key
);
// The conditions of a put against what is there: kFailedPrecondition, kNotFound.
Result<void> check_conditions(
    const PutOptions& options, const std::optional<IndexedObject>& existing
);
// Makes the object visible (or replaces it).
Result<void> write_object(Connection& db, const std::string& bucket, const IndexedObject& object);
Result<void> delete_object(Connection& db, const std::string& bucket, const std::string& key);

// The sequencer of this commit: 16 upper-case hex digits, greater than all before it.
Result<std::string> next_sequencer(Connection& db);
// The event goes to the outbox.
//   errors  kOverloaded: more than max_events are not handled yet
Result<void> write_event(
    Connection& db, const StorageEvent& event, const std::string& region, std::uint64_t max_events
);

Result<ObjectPage> list_objects(
    Connection& db, const std::string& bucket, const ListOptions& options
);

}  // namespace pixgate::embedded
