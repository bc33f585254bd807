// Moves committed pages from the write-ahead log into the trace, on a connection and in a thread of its own, so that commits
// don't wait for it.
#pragma once

#include "trace/sqlite.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace ringside::trace {

class Checkpointer {
public:
    explicit Checkpointer(std::string path);
    ~Checkpointer();

    /// After a commit: the log has grown.
    void wake();
    /// Waits for readers and starts the log anew, so that it stops growing; gives up after a second. The caller holds no transaction.
    void restart();
    /// From now on checkpoints wait for the disk.
    void make_durable();
    /// Ends the thread and closes the connection.
    void stop();

private:
    void run();

    Database database_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool pending_ = false;
    bool stopping_ = false;
    std::mutex running_; ///< held while a checkpoint runs
    std::thread thread_;
};

}
