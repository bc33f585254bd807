// Ref<T>: an intrusive, counted reference to a kernel object that several owners share. Not atomic: all kernel state is under
// the one kernel lock.
#pragma once

#include <cassert>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace ringside {

class RefCounted {
public:
    RefCounted() = default;
    RefCounted(const RefCounted&) = delete;
    RefCounted& operator=(const RefCounted&) = delete;
    virtual ~RefCounted() = default;
    void ref() const { ++count_; }
    void unref() const
    {
        assert(count_ > 0);
        if (--count_ == 0)
            delete this;
    }
    std::uint32_t ref_count() const { return count_; }

private:
    mutable std::uint32_t count_ = 0;
};

template<typename T>
class Ref {
public:
    Ref() = default;
    Ref(std::nullptr_t) { }
    explicit Ref(T* object) : object_(object)
    {
        if (object_)
            object_->ref();
    }
    Ref(const Ref& other) : Ref(other.object_) { }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) { }
    template<typename U>
        requires std::is_convertible_v<U*, T*>
    Ref(const Ref<U>& other) : Ref(static_cast<T*>(other.get()))
    {
    }
    template<typename U>
        requires std::is_convertible_v<U*, T*>
    Ref(Ref<U>&& other) noexcept : object_(other.release())
    {
    }
    Ref& operator=(Ref other) noexcept
    {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref()
    {
        if (object_)
            object_->unref();
    }
    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    T* release() { return std::exchange(object_, nullptr); }
    friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

private:
    T* object_ = nullptr;
};

template<typename T, typename... Args>
Ref<T> make_ref(Args&&... args)
{
    return Ref<T>(new T(std::forward<Args>(args)...)); // the one `new`: owned from here on
}

}
