#include "http/poller.h"

#include <fcntl.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <exception>
#include <system_error>

#include "base/log.h"

namespace pixgate::http {

namespace asio = boost::asio;

Poller::Poller(asio::io_context& io) : io_(io), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

void Poller::add(int fd, Target& target) {
    target.index_ = targets_.size();
    targets_.push_back(&target);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &target;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
        // Out of memory or of watches: the connection ends at its first wait's deadline.
        log::error("a connection cannot be watched", {{"errno", errno}});
    }
}

void Poller::remove(int fd, Target& target) {
    epoll_event unused{};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
    for (int i = batch_next_; i < batch_size_; ++i) {
        if (batch_[static_cast<std::size_t>(i)].data.ptr == &target) {
            batch_[static_cast<std::size_t>(i)].data.ptr = nullptr;
        }
    }
    Target* last = targets_.back();
    targets_[target.index_] = last;
    last->index_ = target.index_;
    targets_.pop_back();
}

void Poller::start() {
    UniqueFd copy(::fcntl(epoll_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) throw std::system_error(errno, std::generic_category(), "copy of an epoll");
    descriptor_.emplace(io_, copy.get());
    copy.release();
    watch();
}

void Poller::close() {
    // From the end: letting go may end connections, and the last of the list takes their place.
    for (std::size_t i = targets_.size(); i-- > 0;) {
        if (i < targets_.size()) targets_[i]->drop_waits();
    }
    descriptor_.reset();
}

void Poller::watch() {
    descriptor_->async_wait(
        asio::posix::stream_descriptor::wait_read,
        [this](const boost::system::error_code& ec) {
            if (!ec) run();
        }
    );
}

void Poller::run() {
    for (int i = 0; i < kBatchesPerTurn; ++i) {
        const int count = ::epoll_wait(epoll_.get(), batch_.data(), kBatch, 0);
        if (count <= 0) {
            watch();
            return;
        }
        tell(count);
    }
    asio::post(io_, [this] { run(); });
}

void Poller::tell(int count) {
    const auto now = std::chrono::steady_clock::now();
    batch_size_ = count;
    for (batch_next_ = 0; batch_next_ < batch_size_;) {
        const auto event = batch_[static_cast<std::size_t>(batch_next_++)];
        if (event.data.ptr == nullptr) continue;
        try {
            static_cast<Target*>(event.data.ptr)->on_events(event.events, now);
        } catch (const std::exception& error) {
            // A bug in one connection is no reason to stop hearing of the others.
            log::error("exception on an event loop", {{"error", error.what()}});
        }
    }
    batch_size_ = 0;
    batch_next_ = 0;
}

}  // namespace pixgate::http
