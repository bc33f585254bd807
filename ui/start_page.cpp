// See start_page.h.
#include "ui/start_page.h"

#include "trace/trace_file.h"
#include "ui/flat_button.h"
#include "ui/processes_model.h"
#include "ui/run_form.h"
#include "ui/theme.h"
#include "ui/trace_document.h"
#include "ui/worker.h"

#include <QAction>
#include <QDateTime>
#include <QDir>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QPainter>
#include <QScrollArea>
#include <QStyledItemDelegate>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

constexpr int page_width = 780;
constexpr int recent_count = 8;

QString day_text(const QDateTime& time)
{
    qint64 days = time.date().daysTo(QDate::currentDate());
    QString clock = QLocale().toString(time.time(), QStringLiteral("HH:mm"));
    if (days == 0)
        return StartPage::tr("today %1").arg(clock);
    if (days == 1)
        return StartPage::tr("yesterday %1").arg(clock);
    return QLocale().toString(time.date(), QStringLiteral("d MMMM"));
}

/// Rows with air at the left and a line between them.
class RecentDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& c = colours();
        bool lit = (option.state & (QStyle::State_Selected | QStyle::State_MouseOver)) != 0;
        painter->fillRect(option.rect, lit ? c.selection : c.panel);
        if (index.row() > 0)
            painter->fillRect(QRect(option.rect.left(), option.rect.top(), option.rect.width(), 1), c.line);
        QRect rect = option.rect.adjusted(12, 0, -8, 0);
        QVariant ink = index.data(Qt::ForegroundRole);
        painter->setPen(ink.isValid() ? ink.value<QBrush>().color() : c.text);
        painter->setFont(index.column() == 0 ? mono_font() : option.font);
        painter->drawText(rect, Qt::AlignVCenter | Qt::TextSingleLine, painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, rect.width()));
    }
};

QLabel* title(const QString& text, double scale)
{
    auto* label = new QLabel(text);
    QFont font = label->font();
    font.setPointSizeF(font.pointSizeF() * scale);
    font.setWeight(QFont::DemiBold);
    label->setFont(font);
    return label;
}

}

StartPage::StartPage(QWidget* parent)
    : QWidget(parent)
    , form_(new RunForm)
    , recent_box_(new QWidget)
    , recent_(new QTreeWidget)
    , worker_(std::make_unique<Worker>())
{
    auto* column = new QWidget;
    column->setMaximumWidth(page_width);
    auto* layout = new QVBoxLayout(column);
    layout->setContentsMargins(10, 0, 10, 0);
    layout->setSpacing(6);
    layout->addSpacing(54);
    layout->addWidget(title(tr("Run a program to see everything it asks of the system"), 1.75));
    auto* calm = new QLabel(tr("Its files stay as they are, and it has no network, unless you allow it."));
    calm->setForegroundRole(QPalette::PlaceholderText);
    layout->addWidget(calm);
    layout->addSpacing(10);
    layout->addWidget(form_);
    layout->addSpacing(22);

    auto* open = new FlatButton(FlatButton::Kind::link, tr("Open a trace…"));
    auto* row = new QHBoxLayout;
    row->addWidget(title(tr("Recent"), 1.0));
    row->addStretch();
    row->addWidget(open);
    auto* box = new QVBoxLayout(recent_box_);
    box->setContentsMargins(0, 0, 0, 0);
    box->addLayout(row);
    box->addWidget(recent_);
    layout->addWidget(recent_box_);
    layout->addSpacing(16);
    auto* hint = new QHBoxLayout;
    auto* fresh = new QLabel(tr("New here?"));
    auto* rest = new QLabel(tr("a program that cannot find its file."));
    auto* example = new FlatButton(FlatButton::Kind::link, tr("Show me an example"));
    for (QLabel* label : {fresh, rest})
        label->setForegroundRole(QPalette::PlaceholderText);
    hint->setSpacing(1);
    hint->addWidget(fresh);
    hint->addWidget(example);
    hint->addWidget(rest);
    hint->addStretch();
    layout->addLayout(hint);
    layout->addStretch(1);
    for (QWidget* part : {static_cast<QWidget*>(form_), recent_box_})
        part->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);

    recent_->setAccessibleName(tr("Recent recordings"));
    recent_->setColumnCount(4);
    recent_->setIndentation(0);
    recent_->setItemDelegate(new RecentDelegate(recent_));
    recent_->setFocusPolicy(Qt::TabFocus);
    recent_->setHeaderHidden(true);
    recent_->setRootIsDecorated(false);
    recent_->setUniformRowHeights(true);
    recent_->setFrameShape(QFrame::StyledPanel);
    recent_->setSizeAdjustPolicy(QAbstractScrollArea::AdjustToContents);
    recent_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    recent_->header()->setStretchLastSection(false);
    recent_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    for (int i = 1; i < 4; ++i)
        recent_->header()->resizeSection(i, i == 1 ? 140 : 110);

    auto* page = new QWidget;
    auto* scroll = new QScrollArea; // a low window has not room for all of it
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(page);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    auto* outer = new QHBoxLayout(page);
    outer->setContentsMargins(20, 0, 20, 20);
    outer->addStretch(1);
    outer->addWidget(column, 100);
    outer->addStretch(1);
    connect(open, &QAbstractButton::clicked, this, &StartPage::open_asked);
    connect(example, &QAbstractButton::clicked, this, &StartPage::show_example);
    connect(recent_, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) { Q_EMIT trace_chosen(item->data(0, Qt::UserRole).toString()); });
    auto* removing = new QAction(tr("Delete…"), recent_);
    removing->setShortcut(QKeySequence::Delete);
    removing->setShortcutContext(Qt::WidgetShortcut);
    connect(removing, &QAction::triggered, this, [this] { delete_recording(recent_->currentItem()); });
    recent_->addAction(removing);
    recent_->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(recent_, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item) { Q_EMIT trace_chosen(item->data(0, Qt::UserRole).toString()); });
}

StartPage::~StartPage() = default;

/// Needs a shell and cat alone: it looks for its configuration in three places, says what it misses, and fails.
void StartPage::show_example()
{
    form_->set_command(QStringLiteral("for place in . \"$HOME/.config\" /etc; do cat \"$place/report.conf\" 2>/dev/null && exit; done; echo 'report: cannot find /etc/report.conf' >&2; exit 1"));
    form_->distrust(false);
    if (auto options = form_->options())
        Q_EMIT form_->run_asked(*options);
}

void StartPage::delete_recording(const QTreeWidgetItem* item)
{
    if (!item)
        return;
    QString path = item->data(0, Qt::UserRole).toString();
    QMessageBox box(QMessageBox::Question, tr("Delete a recording"), tr("Delete the recording of %1?").arg(item->text(0)), QMessageBox::NoButton, this);
    box.setTextFormat(Qt::PlainText);
    box.setInformativeText(tr("%1 (%2) cannot be brought back.").arg(path, item->text(3)));
    QAbstractButton* yes = box.addButton(tr("Delete"), QMessageBox::DestructiveRole);
    box.addButton(tr("Keep"), QMessageBox::RejectRole);
    box.exec();
    if (box.clickedButton() != yes)
        return;
    if (!QFile::remove(path)) {
        QMessageBox::warning(this, tr("Delete a recording"), tr("%1 cannot be deleted.").arg(path));
        return;
    }
    for (const char* rest : {"-wal", "-shm"})
        QFile::remove(path + QLatin1String(rest));
    load_recent();
}

void StartPage::load_recent()
{
    recent_->clear();
    const QFileInfoList files = QDir(recordings_folder()).entryInfoList({QStringLiteral("*.ringside")}, QDir::Files, QDir::Time);
    for (const QFileInfo& file : files.mid(0, recent_count)) {
        auto* item = new QTreeWidgetItem(recent_, {file.completeBaseName(), day_text(file.lastModified()), QString(), QLocale().formattedDataSize(file.size(), 1, QLocale::DataSizeSIFormat)});
        item->setData(0, Qt::UserRole, file.filePath());
        item->setFont(0, mono_font());
        item->setForeground(1, colours().secondary);
        item->setForeground(3, colours().secondary);
        for (int i = 0; i < 4; ++i)
            item->setSizeHint(i, {10, row_height(font()) + 10});
        worker_->post([this, path = file.filePath()] {
            QString command, ended;
            bool failed = false;
            try {
                trace::TraceFile trace(path.toStdString());
                command = command_text(trace.meta("command"));
                std::string end = trace.meta("end"), status = trace.meta("exit_status");
                int number = std::atoi(status.c_str());
                failed = number != 0 || (end != "exited" && end != "killed");
                ended = end == "running" ? tr("cut off") : end == "exited" || end == "killed" ? ended_text(number) : QString::fromStdString(end);
            } catch (const trace::Error&) {
                ended = tr("not readable");
                failed = true;
            }
            deliver(this, [this, path, command, ended, failed] {
                for (int i = 0; i < recent_->topLevelItemCount(); ++i) {
                    QTreeWidgetItem* item = recent_->topLevelItem(i);
                    if (item->data(0, Qt::UserRole).toString() != path)
                        continue;
                    if (!command.isEmpty())
                        item->setText(0, command);
                    item->setText(2, (failed ? QStringLiteral("✕ ") : QString()) + ended);
                    if (failed)
                        item->setForeground(2, colours().error);
                }
            });
        });
    }
    int rows = recent_->topLevelItemCount();
    recent_->setVisible(rows > 0);
    int height = row_height(font()) + 10;
    recent_->setMinimumHeight(std::min(rows, 2) * height + 4); // a low window scrolls them
    recent_->setMaximumHeight(rows * height + 4);
    recent_->updateGeometry();
}

}
