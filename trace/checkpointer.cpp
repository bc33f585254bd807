// See checkpointer.h.
#include "trace/checkpointer.h"

#include "trace/signals.h"
#include "trace/store_writer.h"

namespace ringside::trace {

Checkpointer::Checkpointer(std::string path)
    : database_(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX)
{
    sqlite3_busy_timeout(database_.handle(), 1000);
    database_.exec("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;");
    thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer()
{
    stop();
}

void Checkpointer::wake()
{
    {
        std::scoped_lock lock(mutex_);
        pending_ = true;
    }
    changed_.notify_one();
}

void Checkpointer::restart()
{
    std::scoped_lock lock(running_);
    // Busy or full is no reason to stop: the log only stays long.
    sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
}

void Checkpointer::make_durable()
{
    std::scoped_lock lock(running_);
    trace::make_durable(database_);
}

void Checkpointer::stop()
{
    {
        std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
    database_ = Database();
}

void Checkpointer::run()
{
    block_signals();
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return pending_ || stopping_; });
        if (stopping_)
            return;
        pending_ = false;
        lock.unlock();
        {
            std::scoped_lock checkpoint(running_);
            sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
        }
        lock.lock();
    }
}

}
