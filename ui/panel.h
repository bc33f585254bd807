// A dock with a quiet title: a name in small bold and, at the right, one word or number about it.
#pragma once

#include <QDockWidget>

class QLabel;

namespace ringside::ui {

class Panel : public QDockWidget {
    Q_OBJECT

public:
    /// `name` is the object name that the layout is saved by.
    Panel(const QString& title, const QString& name, QWidget* parent = nullptr);
    void set_note(const QString& note);
    /// Without a title of its own: its tab has the name.
    void hide_title();
    QString note_text() const;
    /// Seen, and not behind another dock's tab. (Not visibleRegion(): a dock that its own contents cover has none.)
    bool in_front() const { return in_front_; }
    /// What F6 goes to.
    virtual void take_focus();

private:
    QLabel* note_;
    bool in_front_ = false;
};

/// A line of help where a pane has nothing to show.
QLabel* empty_note(const QString& text, QWidget* parent);
/// A pane's own widget: its ground is that of what is read.
QWidget* base_page();

}
