// The dock with the sockets: with whom they talked, how many bytes, and what was said (follow stream).
#pragma once

#include "trace/analysis/network.h"
#include "ui/view_panel.h"

class QPlainTextEdit;
class QSplitter;
class QLabel;

namespace ringside::ui {

class FlatButton;
class TreeTable;
struct TreeRow;

class NetworkPanel : public ViewPanel {
    Q_OBJECT

public:
    explicit NetworkPanel(QWidget* parent = nullptr);
    TreeTable& table() { return *table_; }
    /// Shows what this socket carried.
    void follow(trace::ObjectId socket);
    /// The socket that an event is about, if it is one: then follow() it.
    void follow_event(trace::EventId event);
    /// For tests.
    QString stream_text() const;
    void show_hex(bool hex);

Q_SIGNALS:
    void stream_shown();

protected:
    void ask(Analyst& analyst) override;

private:
    void show_stream();

    QSplitter* split_;
    TreeTable* table_;
    QPlainTextEdit* stream_;
    QLabel* title_;
    FlatButton* hex_button_;
    QObject stream_asker_; ///< its questions do not replace those of the table
    std::shared_ptr<const std::vector<trace::analysis::StreamPiece>> pieces_;
    bool hex_ = false;
};

}
