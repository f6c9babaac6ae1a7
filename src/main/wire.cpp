#include "main/wire.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <iostream>
#include <mutex>

#include "adapters/embedded/embedded.h"
#include "adapters/embedded/volume_health.h"
#include "adapters/log_alerts/log_alerts.h"
#include "adapters/s3/upload_signer.h"
#include "adapters/slack/slack_alerts.h"
#include "aws/s3_event_json.h"
#include "base/ids.h"
#include "base/log.h"
#include "core/bucket.h"
#include "http/router.h"
#include "http/server.h"
#include "imaging/sandbox/sandbox.h"
#include "main/access.h"
#include "main/edge_settings.h"
#include "main/imaging_calls.h"
#include "main/sandbox_watch.h"
#include "main/say_ready.h"
#include "main/secrets.h"
#include "main/wire_edge.h"
#include "main/wire_presets.h"
#include "roles/api/api.h"
#include "roles/edge/edge_routes.h"
#include "roles/function/event_host.h"
#include "roles/status.h"
#include "roles/store/store_handler.h"
#include "roles/sweeper/sweeper.h"
#include "roles/worker/worker.h"

namespace pixgate {

namespace {

std::string url_of(const std::string& public_url, const http::Server& server) {
    return public_url.empty() ? "http://" + server.address() : public_url;
}

Result<std::unique_ptr<AlertChannel>> make_alert_channel(const Config& config) {
    if (config.alerts.slack_webhook_url.empty()) return make_log_alerts();
    return make_slack_alerts(
        {.url = config.alerts.slack_webhook_url, .source = "pixgate " + config.secrets.instance_id}
    );
}

std::vector<std::chrono::milliseconds> retry_delays(const FunctionConfig& config) {
    std::vector<std::chrono::milliseconds> out;
    auto wait = config.first_retry_wait;
    for (std::uint32_t i = 0; i < config.retries; ++i, wait *= 2) out.emplace_back(wait);
    return out;
}

imaging::Sandbox::Options sandbox_options(
    const SandboxConfig& config, Metrics& metrics, std::function<void(const Error&)> on_violation
) {
    imaging::Sandbox::Options options;
    options.workers.max_workers = config.workers > 0 ? config.workers : cores();
    options.worker_memory_bytes = config.max_memory_bytes;
    options.metrics = &metrics;
    options.on_violation = std::move(on_violation);
    return options;
}

// All parts, in the order they are built; destroyed the other way round.
class Program {
public:
    Program(const Config& config, imaging::ZygoteProcess zygote)
        : config_(config),
          sandbox_(
              std::move(zygote),
              sandbox_options(
                  config.sandbox, metrics_, [this](const Error& error) { tell_violation(error); }
              )
          ) {}

    Result<void> start();
    void stop();
    bool has_lost_role() const { return has_lost_role_; }

private:
    void tell_violation(const Error& error);
    Result<void> open_storage();
    Result<void> listen_store();
    Result<void> listen_api();
    Task<http::Response> handle_api(http::Request& request);
    Result<void> build_flow();
    Result<void> make_api();
    Task<Result<void>> is_ready();
    void start_background();
    void run_in_background(std::string name, std::function<Task<void>()> run);

    const Config& config_;
    SystemClock clock_;
    SystemIds ids_{clock_};
    Metrics metrics_;
    imaging::Sandbox sandbox_;
    bool is_sandbox_tight_ = false;
    VariantLook look_;
    Presets presets_ = presets_of(config_);
    Pool blocking_{"blocking", 16};
    Pool imaging_{"imaging", cores()};
    // Pictures of uploads take a second where those of visitors take milliseconds.
    Pool first_contact_{"first-contact", cores()};
    Policies policies_ = config_.policies_by_name();
    EdgeSigner edge_signer_ = edge_signer_of(config_);
    embedded::Adapters adapters_;
    std::unique_ptr<UploadSigner> signer_;
    std::unique_ptr<AlertChannel> alert_channel_;
    PoisonList poison_;
    http::Loops loops_{cores()};

    StoreCredentials store_key_ = store_credentials_of(config_);
    aws::FixedCredentials store_credentials_{store_key_.access_key, store_key_.secret_key};
    std::optional<store::StoreHandler> store_handler_;
    std::optional<DeliverImage> deliver_;
    std::unique_ptr<EdgeBackground> edge_background_;
    std::optional<DeleteImage> delete_;
    std::optional<IssueUpload> issue_;
    std::optional<OnStored> on_stored_;
    std::optional<PresetsLater> presets_later_;
    std::optional<Sweep> sweep_;
    std::optional<TellAlerts> tell_alerts_;
    std::optional<EventHost> event_host_;
    std::optional<Worker> worker_;
    std::optional<Sweeper> sweeper_;
    std::unique_ptr<roles::KeySource> key_source_;
    std::optional<roles::Authenticator> authenticator_;
    std::optional<roles::LiveFeed> feed_;
    std::optional<roles::Api> api_;
    StopFlag stop_flag_;  // of the feed and of the key source
    http::Router router_;
    std::atomic<bool> is_open_{false};
    std::optional<http::Server> store_server_;
    std::optional<http::Server> api_server_;

    // Background roles that still run; stop() waits for them.
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
    std::atomic<bool> has_lost_role_{false};
};

void Program::tell_violation(const Error& error) {
    if (!adapters_.alerts) return;  // the watermark, before there is a place for alerts
    loops_.spawn("alert", tell_of_violation(*adapters_.alerts, error, clock_.now()));
}

Result<void> Program::open_storage() {
    embedded::Config c;
    c.data_dir = config_.data_dir;
    c.max_receives = config_.queue.max_receives;
    c.region = config_.store.region;
    c.is_guest = config_.is_guest();
    TRY(adapters_, embedded::open(std::move(c), clock_, blocking_));
    for (const auto bucket : {kOriginalsBucket, kVariantsBucket}) {
        const auto made =
            run_task(adapters_.buckets->create(std::string(bucket), bucket == kOriginalsBucket));
        if (!made && made.error().code != Errc::kAlreadyExists)
            return std::unexpected(made.error());
    }
    return {};
}

Result<void> Program::listen_store() {
    store::StoreConfig c;
    c.region = config_.store.region;
    c.cors.allowed_origins = config_.store.cors_allowed_origins;
    c.list_token_secret = config_.secrets.instance_id;
    store_handler_.emplace(
        *adapters_.store, *adapters_.buckets, store_credentials_, clock_, std::move(c)
    );
    http::ServerLimits limits;
    limits.max_connections = config_.store.max_connections;
    limits.allows_encoded_bodies = true;
    const auto handler = [this](http::Request& request) { return store_handler_->handle(request); };
    store_server_.emplace("store", loops_, blocking_, handler, limits, metrics_);
    if (config_.has_role("store")) CHECK_OK(store_server_->listen(config_.store.listen));
    aws::PresignConfig presign;
    presign.endpoint = url_of(config_.store.public_url, *store_server_);
    presign.region = config_.store.region;
    presign.access_key_id = store_key_.access_key;
    presign.secret = store_key_.secret_key;
    signer_ = s3::make_upload_signer(std::move(presign), clock_);
    return {};
}

Result<void> Program::listen_api() {
    http::ServerLimits limits;
    limits.max_connections = config_.api.max_connections;
    const auto handler = [this](http::Request& request) { return handle_api(request); };
    api_server_.emplace("api", loops_, blocking_, handler, limits, metrics_);
    return api_server_->listen(config_.api.listen);
}

// Links in answers name the address, which with port 0 is known only once the server listens.
Task<http::Response> Program::handle_api(http::Request& request) {
    if (!is_open_.load(std::memory_order_acquire)) {
        const Error error{Errc::kOverloaded, "starting", "starting"};
        co_return problem_response(error, request.id);
    }
    co_return co_await router_.handle(request);
}

Result<void> Program::build_flow() {
    auto& a = adapters_;
    auto edge = deliver_config_of(config_);
    edge.look = look_;
    deliver_.emplace(
        DeliverImage::Ports{
            *a.catalog, *a.store, make_with(sandbox_, config_.sandbox, look_), imaging_, clock_,
            metrics_,
            [this](std::string name, Task<void> task) {
                loops_.spawn(std::move(name), std::move(task));
            },
            a.leases.get()
        },
        edge
    );
    TRY(edge_background_,
        EdgeBackground::make(
            config_, {*a.catalog, *a.purges, *a.alerts, *deliver_, clock_, metrics_}
        ));
    delete_.emplace(DeleteImage{*a.catalog, *a.store, clock_, [this](const ImageId& id) {
                                    deliver_->bury(id);
                                }});
    issue_.emplace(IssueUpload{*a.catalog, *signer_, ids_, clock_, policies_});
    presets_later_.emplace(
        config_,
        PresetsLater::Ports{
            *a.catalog, *a.store, *a.preset_queue, sandbox_, first_contact_, policies_, presets_,
            look_, clock_, metrics_, [this](const ImageId& id) { deliver_->forget(id); }
        }
    );
    CHECK_OK(make_api());
    if (config_.has_role("edge")) {
        TRY(auto clients, edge::ClientAddresses::with_trusted(config_.edge.trusted_proxies));
        edge::add_routes(
            router_, {*deliver_, edge_signer_, policies_, clock_, edge.caching,
                      url_rules_of(config_), std::move(clients)}
        );
    }
    is_open_.store(true, std::memory_order_release);
    return {};
}

Result<void> Program::make_api() {
    TRY(key_source_, make_key_source(config_, clock_, blocking_));
    authenticator_.emplace(api_keys_of(config_), jwt_rules_of(config_), key_source_.get(), clock_);
    feed_.emplace(*adapters_.catalog);
    auto options = api_options_of(
        config_, url_of(config_.api.public_url, *api_server_),
        url_of(config_.store.public_url, *store_server_)
    );
    options.is_sandbox_tight = is_sandbox_tight_;
    api_.emplace(
        roles::ApiPorts{
            *adapters_.catalog, *adapters_.dead_letters, *issue_, *delete_, *signer_, edge_signer_,
            *authenticator_, *feed_, clock_, metrics_, [this] { return is_ready(); },
            &presets_later_->remake()
        },
        std::move(options)
    );
    config_.has_role("api") ? api_->register_on(router_) : api_->register_probes_on(router_);
    return {};
}

Task<Result<void>> Program::is_ready() {
    CO_CHECK(adapters_.health->check_writable());
    CO_TRY([[maybe_unused]] const auto seq, co_await adapters_.catalog->last_seq());
    co_return Result<void>{};
}

void Program::start_background() {
    auto& a = adapters_;
    on_stored_.emplace(OnStored{
        *a.store,
        *a.queue,
        *a.catalog,
        *a.alerts,
        verify_with(sandbox_, config_.sandbox),
        prepare_with(sandbox_, config_.sandbox, look_),
        strip_with(sandbox_, config_.sandbox),
        first_contact_,
        *signer_,
        policies_,
        poison_,
        clock_,
        {presets_, look_}
    });
    EventHost::Config host;
    host.concurrency = config_.function.concurrency;
    host.run_deadline = config_.function.deadline;
    host.retry_delays = retry_delays(config_.function);
    const auto function = [this](StorageEvent event) { return on_stored_->run(std::move(event)); };
    event_host_.emplace(EventHost::Ports{*a.events, *a.catalog, clock_, metrics_}, function, host);
    Worker::Config worker;
    worker.concurrency = config_.worker.concurrency;
    worker.visibility = config_.queue.visibility;
    worker.max_receives = config_.queue.max_receives;
    worker_.emplace(
        Worker::Ports{*a.queue, *a.preset_queue, *a.catalog, clock_, metrics_, a.store.get()},
        worker
    );
    Sweep::Config sweep;
    sweep.grace = config_.sweeper.grace;
    sweep.stored_deadline = config_.sweeper.stored_deadline;
    const auto to_json = [region = config_.store.region](const StorageEvent& event) {
        return aws::write_s3_event(event, {.region = region});
    };
    sweep_.emplace(
        Sweep::Ports{*a.catalog, *a.store, *a.events, *a.alerts, *delete_, clock_, to_json}, sweep
    );
    tell_alerts_.emplace(*a.alerts, *alert_channel_, clock_, config_.alerts.interval);
    sweeper_.emplace(
        Sweeper::Ports{*sweep_, *tell_alerts_, metrics_, presets_later_->hold()},
        Sweeper::Config{.every = config_.sweeper.interval}
    );
    if (config_.has_role("function"))
        run_in_background("function", [this] { return event_host_->run(); });
    if (config_.has_role("worker")) {
        run_in_background("worker", [this] { return worker_->run(); });
        run_in_background("presets", [this] { return presets_later_->maker().run(); });
    }
    if (config_.has_role("sweeper"))
        run_in_background("sweeper", [this] { return sweeper_->run(); });
    const auto run = [this](std::string name, std::function<Task<void>()> work) {
        run_in_background(std::move(name), std::move(work));
    };
    edge_background_->start(config_, run, stop_flag_);
    if (config_.has_role("api"))
        run_in_background("live-feed", [this] { return feed_->run(stop_flag_); });
    if (key_source_) run_in_background("jwks", [this] { return key_source_->run(stop_flag_); });
}

void Program::run_in_background(std::string name, std::function<Task<void>()> run) {
    {
        const std::lock_guard lock(mutex_);
        ++running_;
    }
    auto body = [](Program& self, std::string role,
                   std::function<Task<void>()> work) -> Task<void> {
        try {
            co_await work();
        } catch (const std::exception& error) {
            // Half a program is worse than none: whoever supervises it starts it again.
            log::error(
                "a role ended by an exception, so all end", {{"role", role}, {"what", error.what()}}
            );
            self.has_lost_role_ = true;
            ::kill(::getpid(), SIGTERM);
        }
        const std::lock_guard lock(self.mutex_);
        --self.running_;
        self.ended_.notify_all();
    };
    auto task = body(*this, name, std::move(run));
    loops_.spawn(std::move(name), std::move(task));
}

Result<void> Program::start() {
    TRY(alert_channel_, make_alert_channel(config_));
    TRY(is_sandbox_tight_, check_sandbox(sandbox_, config_.sandbox, metrics_));
    TRY(look_, read_look(sandbox_, config_.imaging, config_.sandbox));
    CHECK_OK(open_storage());
    CHECK_OK(listen_store());
    CHECK_OK(listen_api());
    CHECK_OK(build_flow());
    start_background();
    return say_ready(
        config_, url_of(config_.api.public_url, *api_server_),
        url_of(config_.store.public_url, *store_server_)
    );
}

void Program::stop() {
    log::info("stopping");
    if (api_) api_->stop();
    // Requests first, so that what was begun can still use all that is behind it.
    for (auto* server : {&api_server_, &store_server_}) {
        if (*server) run_task((*server)->stop());
    }
    stop_flag_.set();
    if (event_host_) event_host_->stop();
    if (worker_) worker_->stop();
    if (presets_later_) presets_later_->maker().stop();
    if (sweeper_) sweeper_->stop();
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, std::chrono::seconds(15), [this] { return running_ == 0; })) {
        log::warning("background work did not end in time", {{"roles", running_}});
    }
    lock.unlock();
    loops_.stop();
    blocking_.join();
    imaging_.join();
    first_contact_.join();
    adapters_.close();  // its writer posts to the loops, which go first
    log::info("stopped");
}

int wait_for_signal(const sigset_t& signals) {
    int signal = 0;
    sigwait(&signals, &signal);
    return signal;
}

}  // namespace

int serve(const Config& config, imaging::ZygoteProcess zygote) {
    // Blocked before any thread begins, so that only this one takes them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    log::set_level(config.log_level);
    Program program(config, std::move(zygote));
    if (const auto started = program.start(); !started) {
        std::cerr << "pixgate: " << started.error().message << '\n';
        program.stop();
        return 1;
    }
    wait_for_signal(signals);
    program.stop();
    return program.has_lost_role() ? 1 : 0;
}

}  // namespace pixgate
