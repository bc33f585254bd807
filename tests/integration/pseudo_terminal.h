// A program on a terminal of its own, with somebody at the keys.
#pragma once

#include <string>
#include <sys/types.h>
#include <termios.h>
#include <vector>

namespace ringside::tests {

class PseudoTerminal {
public:
    /// Starts the command, as the leader of a session whose terminal this is.
    explicit PseudoTerminal(const std::vector<std::string>& command);
    ~PseudoTerminal();
    PseudoTerminal(const PseudoTerminal&) = delete;
    PseudoTerminal& operator=(const PseudoTerminal&) = delete;

    void type(const std::string& keys);
    /// Reads until `text` has come since the last call that found something; false when it does not within `seconds`.
    bool shows(const std::string& text, int seconds = 20);
    void resize(unsigned short rows, unsigned short columns);
    termios settings() const;
    /// Waits until the settings are as given.
    bool settings_become(const termios& wanted, int seconds = 10) const;
    /// The wait status of the command as a shell gives it; -1: it has not ended within the time.
    int ended(int seconds = 20);
    pid_t process() const { return process_; }
    /// All that came, for messages.
    const std::string& all() const { return all_; }

private:
    int master_ = -1, slave_ = -1; ///< the slave is held open, so that the terminal outlives its session
    pid_t process_ = -1;
    std::string all_;
    std::size_t seen_ = 0;
};

/// The process below `root` with this name (/proc/PID/comm), waited for; -1: none within ten seconds.
pid_t process_below(pid_t root, const std::string& name);
bool same_settings(const termios& a, const termios& b);

}
