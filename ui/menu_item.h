// An item of a menu: its text, its key, what it does.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QMenu>

#include <functional>

namespace ringside::ui {

/// `receiver`: while it lives the item does something.
inline QAction* add(QMenu* menu, const QString& text, const QKeySequence& key, QObject* receiver, std::function<void()> act)
{
    QAction* action = menu->addAction(text);
    action->setShortcut(key);
    QObject::connect(action, &QAction::triggered, receiver, [act = std::move(act)] { act(); });
    return action;
}

}
