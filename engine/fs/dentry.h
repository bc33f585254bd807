// A dentry: a name in the tree. Positive only: directories of this kernel answer misses from memory, those of the host are asked
// again, since somebody else may have made the name.
#pragma once

#include "engine/base/ref.h"
#include "engine/fs/inode.h"

#include <map>
#include <string>
#include <string_view>

namespace ringside::fs {

class Dentry final : public RefCounted {
public:
    /// A root: its own parent is null, its name "/".
    explicit Dentry(Ref<Inode> inode) : inode_(std::move(inode)), name_("/") { }
    Dentry(Ref<Dentry> parent, std::string name, Ref<Inode> inode);
    ~Dentry() override;

    Inode& inode() const { return *inode_; }
    Ref<Inode> inode_ref() const { return inode_; }
    const std::string& name() const { return name_; }
    /// Null for a root. A removed dentry still knows where it was.
    const Ref<Dentry>& parent() const { return parent_; }
    bool removed() const { return removed_; }

    /// The cached child, or null.
    Ref<Dentry> child(std::string_view name) const;
    /// The cached child if it stands for `inode`, else a new one in its place.
    Ref<Dentry> add_child(const std::string& name, Ref<Inode> inode);
    /// The name is gone: taken out of the parent's cache.
    void drop();
    /// rename(2): the same dentry under another parent.
    void move(Ref<Dentry> parent, const std::string& name);
    /// As move, for one that was dropped (RENAME_EXCHANGE).
    void revive(Ref<Dentry> parent, const std::string& name);
    /// Is `other` this one or below it?
    bool contains(const Dentry& other) const;

    /// How many mounts stand here: the mount table is asked only where not 0.
    int mounts = 0;

private:
    void enter();
    void leave();
    Ref<Inode> inode_;
    Ref<Dentry> parent_;
    std::string name_;
    std::map<std::string, Dentry*, std::less<>> children_;
    bool entered_ = false;
    bool removed_ = false;
};

}
