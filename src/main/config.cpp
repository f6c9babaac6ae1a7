#include "main/config.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/image.h"
#include "main/edge_settings.h"
#include "main/policy_settings.h"

namespace pixgate {

namespace {

const Choices<Role>& role_choices() {
    static const Choices<Role> kChoices{
        {"client", Role::kClient}, {"server", Role::kServer}, {"admin", Role::kAdmin}
    };
    return kChoices;
}

void describe_api(SettingsTable& t, ApiConfig& api) {
    t.add("api.listen", api.listen, "Address of API, page and edge. Port 0 takes a free one.");
    t.add("api.public_url", api.public_url, "How others reach it; empty: http:// and the address.");
    t.add(
        "api.cors_allowed_origins", api.cors_allowed_origins,
        "Origins of web pages elsewhere that may call the API, exactly as browsers send them."
    );
    t.add("api.max_connections", api.max_connections, "Over it: 503.", 1);
    t.add(
        "api.client_requests_per_second", api.client_requests_per_second, "Per client key or user.",
        1
    );
    t.add("api.client_request_burst", api.client_request_burst, "At once, after a rest.", 1);
    t.add(
        "api.server_requests_per_second", api.server_requests_per_second,
        "Per server or admin key.", 1
    );
    t.add("api.server_request_burst", api.server_request_burst, "At once, after a rest.", 1);
    t.add(
        "api.max_open_uploads_per_client", api.max_open_uploads_per_client,
        "Permissions given and not used yet, per client key or user. 0: no limit."
    );
    t.add(
        "api.max_open_uploads_per_server", api.max_open_uploads_per_server,
        "The same per server or admin key. 0: no limit."
    );
    t.add("api.max_event_streams", api.max_event_streams, "Server-sent event streams in all.", 1);
    t.add(
        "api.max_event_streams_per_caller", api.max_event_streams_per_caller, "And per caller.", 1
    );
    t.add_group(
        "api.keys", api.keys,
        "Who may call the API. `pixgate keys create` makes a key and the lines for it; only the "
        "hash is kept.",
        [](SettingsTable& g, ApiKeyConfig& key) {
            g.add("id", key.id, "Name of the key, for logs and limits.");
            g.add(
                "role", key.role, role_choices(),
                "client: one owner's pictures; server: any owner's; admin: all."
            );
            g.add("hash", key.hash, "SHA-256 of the key, hex.");
            g.add(
                "owner", key.owner,
                "Whose pictures a client key acts on; the default owner of the others."
            );
        }
    );
}

void describe_jwt(SettingsTable& t, JwtConfig& jwt) {
    t.add("jwt.issuer", jwt.issuer, "`iss` of the tokens of your users. Needed with any key.");
    t.add(
        "jwt.audience", jwt.audience, "`aud` that must be among the token's. Needed with any key."
    );
    t.add("jwt.owner_claim", jwt.owner_claim, "Claim that names the owner.");
    t.add(
        "jwt.default_may", jwt.default_may,
        "What a token without `\"pixgate\": {\"may\": […]}` allows: upload, read, delete, sign."
    );
    t.add("jwt.leeway_seconds", jwt.leeway, "For clocks that differ.", 0, 300);
    t.add("jwt.jwks_file", jwt.jwks_file, "File with a JWK set.");
    t.add("jwt.jwks_url", jwt.jwks_url, "https URL of a JWK set; the last good one is kept.");
    t.add(
        "jwt.jwks_refresh_seconds", jwt.jwks_refresh, "How often the set is read anew.", 30, 86'400
    );
    t.add_group(
        "jwt.keys", jwt.keys,
        "Keys that sign tokens. The algorithm is the key's, whatever a token says.",
        [](SettingsTable& g, JwtKeyConfig& key) {
            g.add("id", key.id, "`kid` in the header of the tokens.");
            g.add("algorithm", key.algorithm, "HS256, RS256, ES256 or EdDSA.");
            g.add("public_key", key.public_key, "PEM, BEGIN PUBLIC KEY.");
            g.add("public_key_file", key.public_key_file, "Or a file with it.");
            g.add("secret", key.secret, "For HS256, 32 bytes at least.").secret();
        }
    );
}

void describe_serving(SettingsTable& t, Config& c) {
    t.add(
        "store.listen", c.store.listen,
        "Address of the embedded object store (S3). Port 0 takes a free one."
    );
    t.add(
        "store.public_url", c.store.public_url,
        "How browsers reach it; empty: http:// and the address."
    );
    t.add("store.region", c.store.region, "Region in signatures.");
    t.add(
        "store.cors_allowed_origins", c.store.cors_allowed_origins, "Origins of pages that upload."
    );
    t.add("store.access_key", c.store.access_key, "Empty: made at the first start.");
    t.add("store.secret_key", c.store.secret_key, "Empty: made at the first start.").secret();
    t.add("store.max_connections", c.store.max_connections, "Over it: 503.", 1);
    t.add("edge.memory_cache_bytes", c.edge.memory_cache_bytes, "Ready pictures kept in memory.");
    t.add(
        "edge.max_running", c.edge.max_running,
        "Transforms at once. 0: as many as there are cores.", 0, 1'024
    );
    t.add("edge.max_waiting", c.edge.max_waiting, "Transforms in line; over it: 503.", 0, 100'000);
    t.add(
        "edge.pixels_per_second_per_client", c.edge.pixels_per_second_per_client,
        "Pixels decoded and encoded on one client's account, ten seconds' worth at once; over it: "
        "429. What is in memory or in the bucket costs nothing. 0: no limit."
    );
    t.add(
        "edge.trusted_proxies", c.edge.trusted_proxies,
        "Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8. Without it all "
        "who come through one proxy are one client."
    );
    t.add(
        "edge.stale_if_error_seconds", c.edge.stale_if_error,
        "So long known pictures are served while the catalog does not answer, here and in caches.",
        0, 30 * 86'400
    );
    t.add(
        "edge.cache_tag_field", c.edge.cache_tag_field,
        "Field of pictures' answers that names the image, for CDNs that purge by tag: "
        "Surrogate-Key, Cache-Tag. Empty: none."
    );
    t.add(
        "edge.arbitrary_sizes", c.edge.arbitrary_sizes,
        "Sizes that are not on the list, when signed."
    );
    t.add(
        "edge.signed_url_seconds", c.edge.signed_url_lifetime,
        "How long signed URLs in answers hold.", 60, 7 * 86'400
    );
    t.add_group(
        "edge.signing_keys", c.edge.signing_keys,
        "Keys of signed URLs: the first signs, all verify. None: one is made at the first start.",
        [](SettingsTable& g, SigningKeyConfig& key) {
            g.add("id", key.id, "1 to 32 of A-Z a-z 0-9 _ -.");
            g.add("secret", key.secret, "32 bytes at least.").secret();
        }
    );
}

void describe_purge(SettingsTable& t, PurgeConfig& purge) {
    t.add(
        "purge.cloudfront_distribution", purge.cloudfront_distribution,
        "Id of a distribution in front of the edge that is told what was deleted. Empty: none."
    );
    t.add(
        "purge.cloudfront_access_key_id", purge.cloudfront_access_key_id,
        "Key that may cloudfront:CreateInvalidation on it."
    );
    t.add("purge.cloudfront_secret_key", purge.cloudfront_secret_key, "Its secret.").secret();
    t.add(
         "purge.cloudfront_session_token", purge.cloudfront_session_token,
         "Of temporary credentials; empty: none."
    )
        .secret();
    t.add(
        "purge.cloudfront_paths", purge.cloudfront_paths,
        "What is invalidated for one picture; {id} is its id."
    );
    t.add("purge.cloudfront_endpoint", purge.cloudfront_endpoint, "Of the API.");
    t.add(
        "purge.http_urls", purge.http_urls,
        "Called for each picture that was deleted, {id} being its id: http://varnish:6081/i/{id}/. "
        "Empty: none."
    );
    t.add("purge.http_method", purge.http_method, "Such as PURGE, BAN, POST or DELETE.");
    t.add(
         "purge.http_headers", purge.http_headers,
         "Sent with each call, \"Name: value\"; {id} is the picture's id."
    )
        .secret();
}

void describe_flow(SettingsTable& t, Config& c) {
    t.add("function.concurrency", c.function.concurrency, "Events looked at at once.", 1, 1'024);
    t.add("function.retries", c.function.retries, "After the first run.", 0, 10);
    t.add(
        "function.first_retry_seconds", c.function.first_retry_wait, "Doubled for the next.", 0,
        3'600
    );
    t.add("function.deadline_seconds", c.function.deadline, "Per run.", 1, 900);
    t.add(
        "queue.visibility_seconds", c.queue.visibility, "A message in work is hidden so long.", 1,
        43'200
    );
    t.add("queue.max_receives", c.queue.max_receives, "Then to the dead letters.", 2, 1'000);
    t.add("worker.concurrency", c.worker.concurrency, "Messages at once.", 1, 64);
    t.add("sweeper.interval_seconds", c.sweeper.interval, "Between two rounds.", 1, 3'600);
    t.add(
        "sweeper.grace_seconds", c.sweeper.grace,
        "After a permission's end, until it counts as unused.", 0, 86'400
    );
    t.add(
        "sweeper.stored_deadline_seconds", c.sweeper.stored_deadline,
        "Stored without a verdict for so long: an alert.", 1, 86'400
    );
    t.add(
        "sweeper.make_missing_presets", c.sweeper.make_missing_presets,
        "After a start, ready images that lack presets of their policy get them, one at a time."
    );
    t.add("alerts.slack_webhook_url", c.alerts.slack_webhook_url, "Empty: alerts are log lines.")
        .secret();
    t.add("alerts.interval_seconds", c.alerts.interval, "Between two posts.", 1, 86'400);
    t.add(
        "sandbox.required", c.sandbox.required,
        "Refuse to start where the kernel cannot isolate decoders."
    );
    t.add(
        "sandbox.max_wall_milliseconds", c.sandbox.max_wall,
        "For one picture, whatever its size; at upload a second more for each size that is made. A "
        "picture "
        "that takes longer twice is quarantined.",
        100, 600'000
    );
    t.add("sandbox.max_memory_bytes", c.sandbox.max_memory_bytes, "For one picture.", 64LL << 20);
    t.add(
        "imaging.watermark_file", c.imaging.watermark_file,
        "PNG, WebP or JPEG of at most 4 MiB that `watermark` lays over pictures; read at the "
        "start. "
        "Empty: URLs that ask for it are refused. With another mark pictures are made anew; "
        "presets "
        "that lie there by `pixgate variants regenerate`."
    );
    t.add(
        "imaging.linear_light", c.imaging.linear_light,
        "Resizes in linear light: truer for fine bright detail, slower. When it changes, run "
        "`pixgate "
        "variants regenerate`."
    );
    t.add(
        "imaging.keep_wide_gamut", c.imaging.keep_wide_gamut,
        "What is made of an original with more colours than sRGB is Display P3, with its profile. "
        "When it changes, run `pixgate variants regenerate`: until then older pictures are made "
        "from "
        "their originals."
    );
    t.add(
        "sandbox.workers", c.sandbox.workers,
        "Warm processes that resize what Pixgate encoded itself, started when wanted and ended "
        "when "
        "idle. 0: as many as cores.",
        0, 256
    );
}

std::string read_whole_file(const std::string& path, bool& is_read) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    is_read = in.good() || in.eof();
    return out.str();
}

}  // namespace

bool Config::has_role(std::string_view name) const {
    return std::ranges::find(roles, name) != roles.end();
}

bool Config::is_guest() const {
    return std::ranges::all_of(roles, [](const std::string& role) { return role == "edge"; });
}

bool Config::takes_first_start_keys() const {
    const auto address = parse_listen(api.listen);
    return address && is_loopback(address->host);
}

std::map<std::string, Policy, std::less<>> Config::policies_by_name() const {
    std::map<std::string, Policy, std::less<>> out;
    out.emplace(policy.name, policy);
    for (const auto& p : policies) out.insert_or_assign(p.name, p);
    return out;
}

void describe(SettingsTable& t, Config& c) {
    t.add("data_dir", c.data_dir, "Folder of all that is kept.");
    t.add(
        "roles", c.roles,
        "What this process does: api, edge, store, function, worker, sweeper. With edge alone it "
        "serves what another process on the same data_dir stores."
    );
    describe_api(t, c.api);
    describe_jwt(t, c.jwt);
    describe_serving(t, c);
    describe_edge_urls(t, c);
    describe_purge(t, c.purge);
    describe_flow(t, c);
    t.add(
        "log.level", c.log_level,
        {{"debug", log::Level::kDebug},
         {"info", log::Level::kInfo},
         {"warning", log::Level::kWarning},
         {"error", log::Level::kError},
         {"off", log::Level::kOff}},
        "Lines below it are left out."
    );
    describe_policy(t, "policy.", c.policy);
    t.add_group(
        "policies", c.policies,
        "Further policies, asked for by name. `[policy]` is the one named default.",
        [](SettingsTable& g, PolicyConfig& p) {
            g.add("name", p.name, "1 to 32 of a-z 0-9 - _.");
            describe_policy(g, "", p);
        }
    );
}

LoadedConfig load_config(const ConfigSources& sources) {
    LoadedConfig out;
    SettingsTable table;
    describe(table, out.config);

    SettingSources from;
    from.environment = sources.environment;
    from.flags = sources.flags;
    from.other_variables = {"PIXGATE_CONFIG", "PIXGATE_URL", "PIXGATE_KEY", "PIXGATE_FAILPOINTS"};
    std::string path = sources.file;
    if (path.empty()) {
        const auto named = sources.environment.find("PIXGATE_CONFIG");
        if (named != sources.environment.end()) path = named->second;
    }
    if (!path.empty()) {
        bool is_read = false;
        from.file_text = read_whole_file(path, is_read);
        if (is_read) {
            from.file_name = path;
        } else {
            out.mistakes.push_back({path, "cannot be read"});
        }
    }
    std::ranges::move(read_settings(table, from), std::back_inserter(out.mistakes));
    std::ranges::move(check_config(out.config, table), std::back_inserter(out.mistakes));
    std::ranges::move(check_edge_urls(out.config, table), std::back_inserter(out.mistakes));
    out.shown = show_settings(table);
    return out;
}

}  // namespace pixgate
