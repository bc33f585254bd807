// See host_panel.h.
#include "ui/host_panel.h"

#include "ui/event_row.h"
#include "ui/numbers.h"
#include "ui/theme.h"
#include "ui/tree_table.h"

#include <QHelpEvent>
#include <QLabel>
#include <QPainter>
#include <QToolTip>
#include <QVBoxLayout>

namespace ringside::ui {

using trace::analysis::HostLedger;
using trace::analysis::HostLine;

/// Host calls as parts of one bar, the most frequent first; each part has its name in it, where it fits.
class HostBar : public QWidget {
public:
    explicit HostBar(QWidget* parent = nullptr) : QWidget(parent) { setFixedHeight(row_height(font()) + 14); }

    void set_ledger(const HostLedger& ledger)
    {
        parts_ = by_call(ledger);
        total_ = ledger.caused;
        QStringList names;
        for (const auto& [name, count] : parts_)
            names.append(from_utf8(name) + ' ' + number_text(count));
        setAccessibleName(HostPanel::tr("Host calls: %1").arg(names.join(QStringLiteral(", "))));
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Colours& c = colours();
        QPainter painter(this);
        painter.fillRect(rect(), c.panel);
        for_parts([&](const QRectF& part, const std::string& name, std::uint64_t count, std::size_t index) {
            QColor fill = c.host;
            fill.setAlphaF(std::max(0.10F, (c.dark ? 0.55F : 0.34F) - float(index) * 0.05F));
            painter.fillRect(part.adjusted(0, 0, part.width() > 4 ? -1 : 0, 0), fill);
            QString text = from_utf8(name) + QStringLiteral("  ") + number_text(count);
            if (part.width() > painter.fontMetrics().horizontalAdvance(text) + 10) {
                painter.setPen(c.text);
                painter.drawText(part.adjusted(6, 0, -4, 0), Qt::AlignVCenter, text);
            }
        });
    }

    bool event(QEvent* event) override
    {
        if (event->type() == QEvent::ToolTip) {
            auto* help = static_cast<QHelpEvent*>(event);
            for_parts([&](const QRectF& part, const std::string& name, std::uint64_t count, std::size_t) {
                if (part.contains(help->pos()))
                    QToolTip::showText(help->globalPos(), (from_utf8(name) + QStringLiteral("  ") + number_text(count)).toHtmlEscaped(), this);
            });
            return true;
        }
        return QWidget::event(event);
    }

private:
    template <typename Function>
    void for_parts(Function function) const
    {
        double x = 12, whole = width() - 24;
        for (std::size_t i = 0; i < parts_.size() && total_ > 0; ++i) {
            double part = whole * double(parts_[i].second) / double(total_);
            function(QRectF(x, 8, part, height() - 12), parts_[i].first, parts_[i].second, i);
            x += part;
        }
    }

    std::vector<std::pair<std::string, std::uint64_t>> parts_;
    std::uint64_t total_ = 0;
};

HostPanel::HostPanel(QWidget* parent)
    : ViewPanel(tr("Host"), "host", parent),
      table_(new TreeTable({{tr("Host call"), false, true}, {tr("Caused by"), false, true}, {tr("Count"), true}, {tr("Time"), true}, {tr("Events"), true}}, tr("Host calls by cause"))), bar_(new HostBar),
      sentence_(new QLabel)
{
    auto* view = base_page();
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    sentence_->setWordWrap(true);
    sentence_->setContentsMargins(12, 2, 12, 7);
    sentence_->setForegroundRole(QPalette::PlaceholderText);
    sentence_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    table_->setRootIsDecorated(false);
    layout->addWidget(bar_);
    layout->addWidget(sentence_);
    layout->addWidget(table_, 1);
    view->setFocusProxy(table_);
    set_view(view);
    connect(table_, &TreeTable::menu_asked, this, [this](const TreeRow* row, const QPoint& at) { condition_menu(row->condition, at, 0); });
}

QString HostPanel::sentence() const
{
    return sentence_->text();
}

void HostPanel::ask(Analyst& analyst)
{
    analyst.ask(this, [this](const Analyst::Scope& scope) -> std::function<void()> {
        auto ledger = std::make_shared<const HostLedger>(trace::analysis::host(scope.input));
        auto rows = std::make_shared<std::unique_ptr<TreeRow>>(std::make_unique<TreeRow>());
        for (const HostLine& line : ledger->lines) {
            QString cause = line.start_up ? tr("start-up") : from_utf8(line.cause);
            TreeRow* row = (*rows)->add({from_utf8(line.call), cause, number_text(line.count), duration_text(line.ns), line.start_up ? QString() : number_text(line.events)});
            row->keys = {0, 0, double(line.count), double(line.ns), double(line.events)};
            row->ink = line.start_up ? TreeRow::Ink::quiet : TreeRow::Ink::host;
            bool is_call = !line.start_up && trace::Filter::compile("syscall == " + line.cause).index() == 0;
            if (!line.start_up)
                row->condition = "host_calls > 0 && " + (is_call ? "syscall == " : QString("kind == ")) + from_utf8(line.cause);
        }
        return [this, ledger, rows] {
            set_note(tr("%1 host calls by %2 events").arg(number_text(ledger->caused), number_text(ledger->reaching)));
            if (ledger->caused == 0)
                return show_nothing(tr("No call needed the host."));
            bar_->set_ledger(*ledger);
            sentence_->setText(tr("The program made %1 calls. Under strace all of them would have reached the host, under runc's default profile %2. Here %3 host calls were made for it.")
                                   .arg(number_text(ledger->system_calls), number_text(ledger->runc_allows), number_text(ledger->caused)));
            table_->set_rows(std::move(*rows));
            show_view();
        };
    });
}

}
