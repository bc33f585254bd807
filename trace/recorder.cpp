// See recorder.h. The thread's loop: drain the ring into a batch; commit when it is old, long or heavy; release the ring's
// space only then.
#include "trace/recorder.h"

#include "trace/checkpointer.h"
#include "trace/intake.h"
#include "trace/liveness.h"
#include "trace/open_readers.h"
#include "trace/ring_consumer.h"
#include "trace/schema.h"
#include "trace/signals.h"
#include "trace/store_writer.h"

#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace ringside::trace {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t commit_events = 65'536;
constexpr std::size_t commit_bytes = std::size_t{16} << 20;
constexpr auto commit_interval = std::chrono::milliseconds(100);
constexpr std::size_t apply_events = 2'048; ///< rows go into the transaction in such pieces, while they are in the processor's cache
constexpr auto idle_wait = std::chrono::milliseconds(500);
/// While records come they are looked for so often, so that most of the work is done beside the guest and not after its end; a wait in which
/// none came doubles.
constexpr auto first_look = std::chrono::milliseconds(2);

std::string real_path(const std::string& path)
{
    char buffer[PATH_MAX];
    return realpath(path.c_str(), buffer) ? std::string(buffer) : path;
}

std::uint64_t file_size(const std::string& path)
{
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::string now_text()
{
    std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/// Blocks beside the trace that are given up when the disk is full, so that the trace can be ended well. The file has no name
/// any more, so that nothing is left of it however the recorder ends.
class Reserve {
public:
    Reserve(const std::string& path, std::size_t size)
    {
        if (size == 0)
            return;
        unlink(path.c_str());
        fd_ = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd_ < 0)
            return; // recording works without
        unlink(path.c_str());
        posix_fallocate(fd_, 0, static_cast<off_t>(size));
    }
    ~Reserve() { give_up(); }
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    void give_up()
    {
        if (fd_ >= 0)
            close(std::exchange(fd_, -1));
    }

private:
    int fd_ = -1;
};

}

std::string_view end_name(RecordingEnd end)
{
    switch (end) {
    case RecordingEnd::running: return "running";
    case RecordingEnd::exited: return "exited";
    case RecordingEnd::killed: return "killed";
    case RecordingEnd::recorder_lost: return "recorder lost";
    case RecordingEnd::disk_full: return "disk full";
    case RecordingEnd::bad_record: return "bad record";
    case RecordingEnd::failed: return "failed";
    }
    return "";
}

struct Recorder::State {
    State(std::span<std::byte> shared, RecorderOptions given)
        : options(std::move(given))
        , consumer(shared)
        , writer(std::in_place, options.path, options.force)
        , reserve(options.path + ".reserve", options.reserve)
        , intake(batch)
    {
        try {
            write_start();
            checkpointer.emplace(options.path);
        } catch (const SqlError& error) {
            throw Error(fmt::format("{} cannot be written: {}.", options.path, error.what()));
        }
    }

    void write_start()
    {
        writer->set_meta("format", std::int64_t{format_version});
        writer->set_meta("ringside", RINGSIDE_VERSION);
        for (const auto& [key, value] : options.meta)
            writer->set_meta(key, value);
        writer->set_meta("start", now_text());
        writer->set_meta("recorder", recorder_identity());
        writer->set_meta("end", end_name(RecordingEnd::running));
        writer->commit();
    }

    void run();
    void drain();
    void commit();
    bool due() const;
    void fail_write(const SqlError& error);
    void end_with(RecordingEnd end, std::string message);
    void write_end();
    void write_end_rows();
    void leave_wal();
    void notify();

    RecorderOptions options;
    RingConsumer consumer;
    std::optional<StoreWriter> writer;
    Reserve reserve;
    Batch batch;
    Intake intake;
    std::optional<Checkpointer> checkpointer;
    Clock::time_point batch_begin{};
    EventId committed_events = 0;
    const Clock::time_point begun = Clock::now();
    bool durable = false; ///< from now on a power cut leaves a whole trace, up to a checkpoint
    bool ended = false; ///< no more is taken
    std::uint64_t finish_limit = 0; ///< once finishing: no more than this is taken, in case the other side never ends

    std::thread thread;
    std::atomic<bool> finishing{false};
    mutable std::mutex mutex; ///< of what follows
    RecorderStatus status;
    RecordingEnd asked_end = RecordingEnd::recorder_lost;
    std::string asked_message;
    std::function<void(const RecorderStatus&)> callback;
};

void Recorder::State::notify()
{
    std::function<void(const RecorderStatus&)> call;
    RecorderStatus copy;
    {
        std::scoped_lock lock(mutex);
        status.events = committed_events;
        status.ring_bytes = consumer.taken();
        status.file_bytes = file_size(options.path) + file_size(options.path + "-wal");
        status.exit_status = intake.exit_status();
        call = callback;
        copy = status;
    }
    if (call)
        call(copy);
}

/// The first reason counts. Nothing more is taken from the ring, and the producer may stop waiting.
void Recorder::State::end_with(RecordingEnd end, std::string message)
{
    if (ended)
        return;
    ended = true;
    {
        std::scoped_lock lock(mutex);
        status.end = end;
        status.message = std::move(message);
    }
    consumer.close();
}

void Recorder::State::fail_write(const SqlError& error)
{
    StoreWriter::Salvage saved = writer->salvage(batch, error);
    committed_events = std::max(committed_events, saved.last_event);
    batch.clear();
    // SQLite tells ENOSPC from the rest. Other failed writes are quotas and limits on a file's size, or a broken disk: room may help.
    if (saved.error.code == SQLITE_FULL)
        end_with(RecordingEnd::disk_full, fmt::format("Recording ended: the disk is full. The trace holds the first {} events.", committed_events));
    else if (saved.error.extended == SQLITE_IOERR_WRITE)
        end_with(RecordingEnd::disk_full,
            fmt::format("Recording ended: the disk takes no more (a quota, a limit on the size of files, or a fault). The trace holds the first {} events.",
                committed_events));
    else
        end_with(saved.error.code == SQLITE_CONSTRAINT ? RecordingEnd::bad_record : RecordingEnd::failed,
            fmt::format("Recording ended after event {}: the trace could not be written ({}).", committed_events, saved.error.what()));
}

bool Recorder::State::due() const
{
    return batch.events.size() >= commit_events || batch.bytes() >= commit_bytes || intake.wants_commit()
        || consumer.unreleased() >= commit_bytes || (!batch.empty() && Clock::now() - batch_begin >= commit_interval);
}

/// Takes records until the ring is empty or a commit is due.
void Recorder::State::drain()
{
    RecordCopy record;
    for (;;) {
        RingConsumer::Next next = consumer.next(record);
        if (next == RingConsumer::Next::empty)
            return;
        if (batch.empty())
            batch_begin = Clock::now();
        if (next == RingConsumer::Next::bad || !intake.take(record)) {
            const std::string& why = next == RingConsumer::Next::bad ? consumer.message() : intake.message();
            commit();
            end_with(RecordingEnd::bad_record,
                fmt::format("Recording ended: the sandbox sent a record that cannot be ({}). The trace up to event {} is complete.", why, committed_events));
            return;
        }
        if (intake.ended()) {
            commit();
            std::unique_lock lock(mutex);
            RecordingEnd end = finishing && asked_end == RecordingEnd::killed ? RecordingEnd::killed : RecordingEnd::exited;
            lock.unlock();
            end_with(end, {});
            return;
        }
        bool piece = batch.events.size() - batch.applied_events >= apply_events || batch.ops.size() - batch.applied_ops >= apply_events;
        if (!piece && !intake.wants_commit() && batch.bytes() < commit_bytes)
            continue;
        try {
            writer->apply(batch);
        } catch (const SqlError& error) {
            fail_write(error);
            return;
        }
        if (due())
            return;
    }
}

void Recorder::State::commit()
{
    if (ended)
        return;
    if (!batch.empty()) {
        try {
            writer->apply(batch);
            writer->commit();
        } catch (const SqlError& error) {
            fail_write(error);
            return;
        }
        committed_events = intake.last_event();
        batch.clear();
        // Waiting for the disk at its beginning and end would take a short recording longer than all else.
        if (!durable && Clock::now() - begun >= options.durable_after) {
            durable = true;
            make_durable(writer->database());
            checkpointer->make_durable();
        }
        std::uint64_t wal_bytes = file_size(options.path + "-wal");
        if (wal_bytes > options.wal_limit)
            checkpointer->restart();
        else
            checkpointer->wake();
        if (options.max_bytes != 0 && file_size(options.path) > options.max_bytes)
            end_with(RecordingEnd::disk_full, fmt::format("Recording ended: the trace has reached its limit of {} bytes.", options.max_bytes));
    }
    intake.committed();
    consumer.release();
    notify();
}

void Recorder::State::run()
{
    block_signals();
    auto look = first_look;
    while (!ended) {
        std::uint64_t before = consumer.taken();
        drain();
        look = consumer.taken() != before ? first_look : std::min(look * 2, commit_interval);
        if (ended)
            break;
        if (due()) {
            commit();
            continue;
        }
        if (finishing) {
            // What was published before finish() was called is taken by now, unless there is still more.
            if (finish_limit == 0)
                finish_limit = consumer.taken() + ring_default_capacity;
            before = consumer.taken();
            drain();
            if (ended || (consumer.taken() != before && before < finish_limit))
                continue;
            commit();
            std::unique_lock lock(mutex);
            RecordingEnd end = asked_end;
            std::string message = asked_message;
            lock.unlock();
            if (end == RecordingEnd::recorder_lost)
                message = fmt::format("{} The trace up to event {} is complete.",
                    message.empty() ? "Recording ended: the sandbox stopped unexpectedly." : message, committed_events);
            end_with(end, std::move(message));
            break;
        }
        if (batch.empty() && consumer.unreleased() != 0)
            consumer.release(); // skips alone
        try {
            if (!batch.empty())
                writer->apply(batch); // nothing else to do meanwhile
        } catch (const SqlError& error) {
            fail_write(error);
            continue;
        }
        auto left = batch.empty() ? idle_wait
                                  : std::chrono::ceil<std::chrono::milliseconds>(commit_interval - (Clock::now() - batch_begin));
        if (left.count() > 0)
            consumer.wait(std::min<std::chrono::milliseconds>(left, batch.empty() ? left : look), batch.empty());
    }
    consumer.close();
    write_end();
    {
        std::scoped_lock lock(mutex);
        status.finished = true;
    }
    notify();
}

void Recorder::State::write_end_rows()
{
    writer->database().exec("BEGIN");
    writer->set_meta("end", end_name(status.end));
    if (!status.message.empty())
        writer->set_meta("end_message", status.message);
    writer->set_meta("end_time", now_text());
    if (intake.ended())
        writer->set_meta("exit_status", std::int64_t{intake.exit_status()});
    writer->database().exec("COMMIT");
}

/// Says in the file how it ended, and makes the one file of it.
void Recorder::State::write_end()
{
    if (status.end == RecordingEnd::disk_full || status.end == RecordingEnd::failed)
        reserve.give_up();
    checkpointer->stop();
    try {
        write_end_rows();
    } catch (const SqlError&) {
        writer->rollback();
        // The log has reached a limit: what moves into the trace makes room in it.
        sqlite3_wal_checkpoint_v2(writer->database().handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
        try {
            write_end_rows();
        } catch (const SqlError& error) {
            writer->rollback();
            std::scoped_lock lock(mutex);
            if (status.message.empty())
                status.message = fmt::format("The end could not be written: {}.", error.what());
        }
    }
    if (options.build_indexes && status.end != RecordingEnd::disk_full && status.end != RecordingEnd::failed)
        sqlite3_exec(writer->database().handle(), index_sql, nullptr, nullptr, nullptr); // readers do without, if need be
    leave_wal();
    reserve.give_up();
}

void Recorder::State::leave_wal()
{
    sqlite3* handle = writer->database().handle();
    if (sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_FULL)
        sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // Readers of other processes may hold on: then the file keeps its log, which any reader understands.
    sqlite3_busy_timeout(handle, 200);
    std::string real = real_path(options.path);
    for (int attempt = 0; attempt < 10; ++attempt) {
        OpenReader::all_let_go(real);
        if (sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr) == SQLITE_OK)
            break;
    }
    writer.reset();
}

Recorder::Recorder(std::span<std::byte> shared, RecorderOptions options)
    : state_(std::make_unique<State>(shared, std::move(options)))
{
}

Recorder::~Recorder()
{
    finish(RecordingEnd::recorder_lost);
}

void Recorder::on_change(std::function<void(const RecorderStatus&)> callback)
{
    std::scoped_lock lock(state_->mutex);
    state_->callback = std::move(callback);
}

void Recorder::start()
{
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

RecorderStatus Recorder::status() const
{
    std::scoped_lock lock(state_->mutex);
    return state_->status;
}

RecorderStatus Recorder::finish(RecordingEnd end, std::string message)
{
    {
        std::scoped_lock lock(state_->mutex);
        if (!state_->finishing) {
            state_->asked_end = end;
            state_->asked_message = std::move(message);
            state_->finishing = true;
        }
    }
    if (!state_->thread.joinable() && !state_->status.finished)
        start(); // it never ran: an empty trace is ended like any other
    state_->consumer.wake();
    if (state_->thread.joinable())
        state_->thread.join();
    return status();
}

}
