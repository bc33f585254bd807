// An EventSource made of vectors, and a short way to write calls, for the tests of decoder, filters and exporters.
#pragma once

#include "trace/event_view.h"
#include "trace/syscall_table.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace ringside::trace::test {

class VectorSource : public EventSource {
public:
    std::vector<Event> events;
    std::map<EventId, std::vector<DataChunk>> chunks;
    std::map<int, std::string> fd_paths; ///< of every process, at any time
    std::map<ThreadId, ProcessId> processes;
    std::vector<std::string> strings {""};
    std::map<ObjectId, ObjectInfo> objects;
    std::string comm_text = "ls";

    EventId last_event() override { return events.size(); }
    std::optional<Event> event(EventId id) override
    {
        if (id == 0 || id > events.size())
            return std::nullopt;
        return events[id - 1];
    }
    std::vector<DataChunk> data(const Event& event) override
    {
        std::vector<DataChunk> all = chunks[event.id];
        if (event.done)
            all.insert(all.end(), chunks[event.done].begin(), chunks[event.done].end());
        return all;
    }
    std::string string(StringId id) override { return id < strings.size() ? strings[id] : ""; }
    ObjectInfo object(ObjectId id) override { return objects[id]; }
    std::string fd_path(ProcessId, int fd, EventId) override { return fd_paths[fd]; }
    ProcessId process_of(ThreadId thread) override { return processes.contains(thread) ? processes[thread] : thread; }
    std::string comm(ThreadId, EventId) override { return comm_text; }
    std::optional<ExecInfo> exec(EventId) override { return std::nullopt; }

    StringId intern(std::string text)
    {
        strings.push_back(std::move(text));
        return static_cast<StringId>(strings.size() - 1);
    }
    Event& add(Event event)
    {
        event.id = events.size() + 1;
        events.push_back(event);
        return events.back();
    }
};

/// Writes one call and what it copied: Call(source, "read", {3, 0x1000, 10}).out(0x1000, "abc").ret(3)
class Call {
public:
    Call(VectorSource& source, std::string_view name, std::initializer_list<std::uint64_t> args, ThreadId thread = 100) : source_(source)
    {
        Event event;
        event.thread = thread;
        event.nr = nr_of(name);
        event.ts = source.events.size() * 1000;
        std::copy(args.begin(), args.end(), event.args.begin());
        id_ = source.add(event).id;
    }
    Call& in(std::uint64_t address, std::string_view bytes) { return data(Direction::in, address, bytes); }
    Call& out(std::uint64_t address, std::string_view bytes) { return data(Direction::out, address, bytes); }
    template <class T>
    Call& in_as(std::uint64_t address, const T& value) { return in(address, {reinterpret_cast<const char*>(&value), sizeof value}); }
    template <class T>
    Call& out_as(std::uint64_t address, const T& value) { return out(address, {reinterpret_cast<const char*>(&value), sizeof value}); }
    /// A terminated string.
    Call& path(std::uint64_t address, std::string text) { return in(address, text + '\0'); }
    Call& ret(std::int64_t value)
    {
        event().ret = value;
        event().flags |= event_flag::has_ret;
        return *this;
    }
    Event& event() { return source_.events[id_ - 1]; }

private:
    Call& data(Direction direction, std::uint64_t address, std::string_view bytes)
    {
        DataChunk chunk;
        chunk.event = id_;
        chunk.direction = direction;
        chunk.address = address;
        chunk.length = bytes.size();
        chunk.bytes.resize(bytes.size());
        std::memcpy(chunk.bytes.data(), bytes.data(), bytes.size());
        source_.chunks[id_].push_back(std::move(chunk));
        return *this;
    }

    VectorSource& source_;
    EventId id_ = 0;
};

}
