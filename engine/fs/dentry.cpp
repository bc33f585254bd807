// The tree of dentries: a child keeps its parent alive, a parent only knows its cached children.
#include "engine/fs/dentry.h"

namespace ringside::fs {

Dentry::Dentry(Ref<Dentry> parent, std::string name, Ref<Inode> inode)
    : inode_(std::move(inode))
    , parent_(std::move(parent))
    , name_(std::move(name))
{
    enter();
}

Dentry::~Dentry()
{
    leave();
    // A long chain of parents must not be freed by recursion: kernel stacks are small.
    Ref<Dentry> up = std::move(parent_);
    while (up && up->ref_count() == 1 && up->parent_) {
        up->leave();
        up = std::move(up->parent_);
    }
}

void Dentry::enter()
{
    auto [place, is_new] = parent_->children_.try_emplace(name_, this);
    if (!is_new) {
        place->second->entered_ = false;
        place->second = this;
    }
    entered_ = true;
}

void Dentry::leave()
{
    if (entered_ && parent_)
        parent_->children_.erase(name_);
    entered_ = false;
}

Ref<Dentry> Dentry::child(std::string_view name) const
{
    auto found = children_.find(name);
    return found == children_.end() ? Ref<Dentry>() : Ref<Dentry>(found->second);
}

Ref<Dentry> Dentry::add_child(const std::string& name, Ref<Inode> inode)
{
    Ref<Dentry> known = child(name);
    if (known && known->inode_ == inode)
        return known;
    return make_ref<Dentry>(Ref<Dentry>(this), name, std::move(inode));
}

void Dentry::drop()
{
    leave();
    removed_ = true;
}

void Dentry::move(Ref<Dentry> parent, const std::string& name)
{
    leave();
    parent_ = std::move(parent);
    name_ = name;
    enter();
}

void Dentry::revive(Ref<Dentry> parent, const std::string& name)
{
    removed_ = false;
    move(std::move(parent), name);
}

bool Dentry::contains(const Dentry& other) const
{
    for (const Dentry* at = &other; at; at = at->parent_.get())
        if (at == this)
            return true;
    return false;
}

}
