// See network_panel.h.
#include "ui/network_panel.h"

#include "ui/event_row.h"
#include "ui/flat_button.h"
#include "ui/inspection.h"
#include "ui/numbers.h"
#include "ui/theme.h"
#include "ui/tree_table.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSplitter>

namespace ringside::ui {

namespace {

using namespace trace::analysis;

QString state_words(const Connection& connection)
{
    using State = Connection::State;
    switch (connection.state) {
    case State::made: return NetworkPanel::tr("made");
    case State::listening: return NetworkPanel::tr("listening");
    case State::connected: return NetworkPanel::tr("connected");
    case State::failed: return QStringLiteral("✕ ") + from_utf8(trace::errno_name(connection.error));
    }
    return {};
}

std::unique_ptr<TreeRow> rows_of(const std::vector<Connection>& connections, const Processes& processes)
{
    auto root = std::make_unique<TreeRow>();
    for (const Connection& connection : connections) {
        QString peer = from_utf8(connection.peer) + (connection.outside ? NetworkPanel::tr(" (outside)") : QString());
        TreeRow* row = root->add({peer.isEmpty() ? QStringLiteral("–") : peer, from_utf8(connection.local), from_utf8(connection.protocol), state_words(connection), some_text(connection.sent),
            some_text(connection.received), from_utf8(processes.label(connection.process))});
        row->keys = {0, 0, 0, 0, double(connection.sent), double(connection.received)};
        row->event = connection.failed_at ? connection.failed_at : connection.first;
        row->id = connection.object;
        row->ink = connection.state == Connection::State::failed ? TreeRow::Ink::error : connection.outside ? TreeRow::Ink::warning : TreeRow::Ink::plain;
        row->condition = QStringLiteral("object == %1").arg(connection.object);
        if (connection.object == 0)
            row->condition = QStringLiteral("id == %1").arg(row->event);
    }
    return root;
}

/// Bytes as text: what is not printable is a dot.
QString as_text(const std::string& bytes)
{
    QString text = QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size()));
    for (QChar& c : text)
        if (!c.isPrint() && c != '\n' && c != '\t')
            c = c == '\r' ? QChar(' ') : QChar(0xb7);
    return text;
}

QString as_hex(const std::string& bytes)
{
    QString text;
    for (std::size_t at = 0; at < bytes.size(); at += 16) {
        QString hex, letters;
        for (std::size_t i = at; i < at + 16; ++i) {
            hex += i < bytes.size() ? QString::asprintf("%02x ", static_cast<unsigned char>(bytes[i])) : QStringLiteral("   ");
            if (i < bytes.size())
                letters += bytes[i] >= 32 && bytes[i] < 127 ? QChar(bytes[i]) : QChar('.');
        }
        text += QString::asprintf("%06zx  ", at) + hex + ' ' + letters + '\n';
    }
    return text;
}

}

NetworkPanel::NetworkPanel(QWidget* parent)
    : ViewPanel(tr("Network"), "network", parent), split_(new QSplitter),
      table_(new TreeTable({{tr("Peer"), false, true}, {tr("Local"), false, true}, {tr("Protocol")}, {tr("State")}, {tr("Sent"), true}, {tr("Received"), true}, {tr("By")}}, tr("Sockets"))), stream_(new QPlainTextEdit),
      title_(new QLabel), hex_button_(new FlatButton(FlatButton::Kind::chip, tr("Hex")))
{
    auto* right = base_page();
    auto* layout = new QVBoxLayout(right);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->setSpacing(2);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 0, 10, 0);
    title_->setForegroundRole(QPalette::PlaceholderText);
    head->addWidget(title_, 1);
    hex_button_->setCheckable(true);
    head->addWidget(hex_button_);
    layout->addLayout(head);
    stream_->setReadOnly(true);
    stream_->setFrameShape(QFrame::NoFrame);
    stream_->setFont(mono_font());
    stream_->setAccessibleName(tr("What the socket carried, in both directions"));
    stream_->setTabChangesFocus(true);
    stream_->setMaximumBlockCount(200'000);
    layout->addWidget(stream_, 1);
    table_->setRootIsDecorated(false);
    split_->addWidget(table_);
    split_->addWidget(right);
    split_->setSizes({840, 400});
    split_->setStretchFactor(0, 2);
    split_->setStretchFactor(1, 1);
    split_->setChildrenCollapsible(false);
    split_->setFocusProxy(table_);
    set_view(split_);
    title_->setText(tr("Select a socket to read what it carried."));
    connect(hex_button_, &QAbstractButton::clicked, this, &NetworkPanel::show_hex);
    connect(table_, &TreeTable::chosen, this, [this](const TreeRow* row) {
        Q_EMIT event_chosen(row->event);
        follow(row->id);
    });
    connect(table_, &TreeTable::menu_asked, this, [this](const TreeRow* row, const QPoint& at) { condition_menu(row->condition, at, row->event); });
}

void NetworkPanel::ask(Analyst& analyst)
{
    analyst.ask(this, [this](const Analyst::Scope& scope) -> std::function<void()> {
        auto connections = network(scope.input, scope.processes);
        auto rows = std::make_shared<std::unique_ptr<TreeRow>>(rows_of(connections, scope.processes));
        return [this, rows, count = connections.size()] {
            set_note(counted(count, tr("1 socket"), tr("%1 sockets")));
            if (count == 0)
                return show_nothing(tr("It made no sockets."));
            table_->set_rows(std::move(*rows));
            show_view();
        };
    });
}

void NetworkPanel::follow(trace::ObjectId socket)
{
    if (!analyst() || socket == 0)
        return;
    analyst()->ask(&stream_asker_, [this, socket](const Analyst::Scope& scope) -> std::function<void()> {
        auto pieces = std::make_shared<const std::vector<StreamPiece>>(stream(scope.input.whole(), socket, 1 << 20));
        return [this, pieces] {
            pieces_ = pieces;
            show_stream();
        };
    });
}

void NetworkPanel::follow_event(trace::EventId event)
{
    if (!analyst() || event == 0)
        return;
    analyst()->ask(&stream_asker_, [this, event](const Analyst::Scope& scope) -> std::function<void()> {
        trace::ObjectId object = event <= scope.input.columns.size() ? scope.input.columns.object[event - 1] : 0;
        bool is_socket = object != 0 && scope.input.trace.object(object).kind == trace::ObjectKind::socket;
        return [this, object, is_socket] {
            if (is_socket)
                follow(object);
            else
                title_->setText(tr("This event is about no socket."));
        };
    });
}

void NetworkPanel::show_hex(bool hex)
{
    hex_ = hex;
    hex_button_->setChecked(hex);
    show_stream();
}

void NetworkPanel::show_stream()
{
    if (!pieces_)
        return;
    const Colours& c = colours();
    stream_->clear();
    std::uint64_t sent = 0, received = 0;
    QTextCursor cursor(stream_->document());
    cursor.beginEditBlock();
    for (const StreamPiece& piece : *pieces_) {
        (piece.sent ? sent : received) += piece.length;
        QTextCharFormat head, body;
        head.setForeground(c.secondary);
        body.setForeground(piece.sent ? c.file : c.network);
        QString arrow = piece.sent ? QStringLiteral("→ ") : QStringLiteral("← ");
        cursor.insertText(arrow + (piece.sent ? tr("sent") : tr("received")) + ' ' + number_text(piece.length) + QStringLiteral(" · ") + tr("event %1").arg(number_text(piece.event)) + QStringLiteral(" · ")
                + time_text(piece.ts) + '\n', head);
        QString text = hex_ ? as_hex(piece.bytes) : as_text(piece.bytes);
        cursor.insertText(text.endsWith('\n') ? text : text + '\n', body);
        if (piece.bytes.size() < piece.length)
            cursor.insertText(tr("… %1 more bytes were not kept\n").arg(number_text(piece.length - piece.bytes.size())), head);
    }
    cursor.endEditBlock();
    stream_->moveCursor(QTextCursor::Start);
    title_->setText(pieces_->empty() ? tr("Nothing went through this socket.") : tr("→ %1 bytes sent   ← %2 received").arg(number_text(sent), number_text(received)));
    Q_EMIT stream_shown();
}

QString NetworkPanel::stream_text() const
{
    return stream_->toPlainText();
}

}
