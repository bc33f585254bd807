// See run_form.h.
#include "ui/run_form.h"

#include "ui/flat_button.h"
#include "ui/preset_card.h"
#include "ui/shell_words.h"
#include "ui/theme.h"

#include <QComboBox>
#include <QDateTime>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProcessEnvironment>
#include <QSettings>
#include <QTemporaryDir>
#include <QStandardPaths>
#include <QUrl>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

const QString kept_folder = QStringLiteral("run/kept/"); ///< in the settings

QPlainTextEdit* small_editor(const QString& name, const QString& example)
{
    auto* editor = new QPlainTextEdit;
    editor->setAccessibleName(name);
    editor->setPlaceholderText(example);
    editor->setFont(mono_font());
    editor->setTabChangesFocus(true);
    editor->setFixedHeight(QFontMetrics(mono_font()).height() * 3 + 14);
    return editor;
}

QStringList lines_of(const QPlainTextEdit* editor)
{
    QStringList lines;
    const QStringList all = editor->toPlainText().split('\n');
    for (const QString& line : all)
        if (!line.trimmed().isEmpty())
            lines.append(line.trimmed());
    return lines;
}

QString with_home(const QString& path)
{
    return path == QStringLiteral("~") || path.startsWith(QStringLiteral("~/")) ? QDir::homePath() + path.mid(1) : path;
}

}

QString recordings_folder()
{
    QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/ringside");
    if (!QDir(folder).exists()) {
        QDir().mkpath(folder);
        QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner); // recordings hold what programs read
    }
    return folder;
}

QString new_trace_path(const std::string& program)
{
    QString name = QString::fromStdString(program.substr(program.rfind('/') + 1)).left(60);
    QString base = recordings_folder() + '/' + name + '-' + QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    QString path = base + QStringLiteral(".ringside");
    for (int i = 2; QFile::exists(path); ++i)
        path = QStringLiteral("%1-%2.ringside").arg(base).arg(i);
    return path;
}

RunForm::RunForm(QWidget* parent)
    : QWidget(parent)
    , command_(new QLineEdit)
    , run_(new FlatButton(FlatButton::Kind::primary, tr("Run")))
    , change_(new FlatButton(FlatButton::Kind::link, tr("Change…")))
    , mine_(new PresetCard(tr("My program"), tr("Reads your files, changes nothing, no network.")))
    , foreign_(new PresetCard(tr("Something I don't trust"), tr("The same, and your home folder looks empty.")))
    , sentence_(new QLabel)
    , complaint_(new QLabel)
    , more_(new QWidget)
    , directory_(new QLineEdit(QDir::currentPath()))
    , root_(new QLineEdit)
    , memory_(new QLineEdit)
    , processes_(new QLineEdit)
    , kept_(new QComboBox)
    , forget_(new FlatButton(FlatButton::Kind::link, tr("Forget")))
    , environment_(small_editor(tr("Environment"), tr("NAME=VALUE, one a line, besides your own")))
    , binds_(small_editor(tr("Folders it may change"), tr("/folder/here:/folder/in/sandbox, one a line; :ro at the end: read only")))
{
    command_->setAccessibleName(tr("Command line"));
    command_->setPlaceholderText(tr("python3 report.py --month 11"));
    QFont large = mono_font();
    large.setPointSizeF(large.pointSizeF() * 1.1);
    command_->setFont(large);
    command_->setFixedHeight(QFontMetrics(large).height() + 22);
    command_->setTextMargins(8, 0, 8, 0);
    run_->set_sign(QStringLiteral("▶"));
    run_->setFixedSize(run_->sizeHint().width() + 14, command_->height());
    auto* top = new QHBoxLayout;
    top->setSpacing(8);
    top->addWidget(command_, 1);
    top->addWidget(run_);
    mine_->setChecked(true);
    auto* cards = new QHBoxLayout;
    cards->setSpacing(10);
    cards->addWidget(mine_, 1);
    cards->addWidget(foreign_, 1);
    sentence_->setForegroundRole(QPalette::PlaceholderText);
    sentence_->setTextFormat(Qt::PlainText);
    auto* said = new QHBoxLayout;
    said->setSpacing(6);
    said->addWidget(sentence_);
    said->addWidget(change_);
    said->addStretch();
    complaint_->setTextFormat(Qt::PlainText);
    complaint_->setWordWrap(true);
    complaint_->hide();

    auto* form = new QFormLayout(more_);
    form->setContentsMargins(0, 4, 0, 0);
    form->setVerticalSpacing(8);
    form->setHorizontalSpacing(14);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    directory_->setFont(mono_font());
    directory_->setFixedHeight(row_height(mono_font()) + 8);
    directory_->setAccessibleName(tr("Directory"));
    auto* browse = new FlatButton(FlatButton::Kind::link, tr("Browse…"));
    auto* directory_row = new QHBoxLayout;
    directory_row->addWidget(directory_);
    directory_row->addWidget(browse);
    auto* keep = new FlatButton(FlatButton::Kind::link, tr("Keep these…"));
    auto* kept_row = new QHBoxLayout;
    kept_->setAccessibleName(tr("Kept settings"));
    kept_row->addWidget(kept_, 1);
    kept_row->addWidget(keep);
    kept_row->addWidget(forget_);
    form->addRow(tr("Settings"), kept_row);
    form->addRow(tr("Directory"), directory_row);
    form->addRow(tr("Environment"), environment_);
    form->addRow(tr("It may change"), binds_);
    auto* limits = new QHBoxLayout;
    const std::tuple<QLineEdit*, QString, QString> fields[] = {{root_, tr("Root folder"), tr("/: this system's")}, {memory_, tr("Memory"), tr("512M, 2G; empty: no limit")}, {processes_, tr("Processes"), tr("a number; empty: no limit")}};
    for (const auto& [line, name, example] : fields) {
        line->setAccessibleName(name);
        line->setPlaceholderText(example);
        line->setFont(mono_font());
        line->setFixedHeight(row_height(mono_font()) + 8);
    }
    form->addRow(tr("Root folder"), root_);
    limits->addWidget(memory_);
    auto* count = new QLabel(tr("Processes"));
    count->setBuddy(processes_);
    limits->addWidget(count);
    limits->addWidget(processes_);
    form->addRow(tr("Memory"), limits);
    connect(keep, &QAbstractButton::clicked, this, &RunForm::keep);
    connect(kept_, &QComboBox::activated, this, &RunForm::use_kept);
    connect(forget_, &QAbstractButton::clicked, this, [this] {
        QSettings settings;
        settings.remove(kept_folder + kept_->currentData().toString());
        list_kept({});
    });
    list_kept({});
    more_->hide();

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(9);
    layout->addLayout(top);
    layout->addWidget(complaint_);
    layout->addLayout(cards);
    layout->addLayout(said);
    layout->addWidget(more_);
    connect(run_, &QAbstractButton::clicked, this, &RunForm::run);
    connect(command_, &QLineEdit::returnPressed, this, &RunForm::run);
    connect(command_, &QLineEdit::textEdited, this, [this] { complain({}); });
    connect(change_, &QAbstractButton::clicked, this, [this] { show_more(more_->isHidden()); });
    connect(foreign_, &QAbstractButton::toggled, this, &RunForm::describe);
    connect(browse, &QAbstractButton::clicked, this, &RunForm::choose_directory);
    connect(directory_, &QLineEdit::textChanged, this, &RunForm::describe);
    connect(binds_, &QPlainTextEdit::textChanged, this, &RunForm::describe);
    describe();
}

void RunForm::describe()
{
    QStringList changed;
    const QStringList binds = lines_of(binds_);
    for (const QString& bind : binds)
        if (!bind.endsWith(QStringLiteral(":ro")))
            changed.append(bind.section(':', 0, 0));
    QString directory = directory_->text();
    if (directory == QDir::homePath() || directory.startsWith(QDir::homePath() + '/'))
        directory = '~' + directory.mid(QDir::homePath().size());
    QString readable = distrusts() ? tr("the system and this folder") : tr("your files");
    sentence_->setText(tr("In %1 · Can read: %2. Can change: %3. Network: none.").arg(directory, readable, changed.isEmpty() ? tr("nothing") : changed.join(QStringLiteral(", "))));
}

RunForm::~RunForm() = default;

void RunForm::distrust(bool on)
{
    (on ? foreign_ : mine_)->setChecked(true);
}

bool RunForm::distrusts() const
{
    return foreign_->isChecked();
}

/// An empty folder stands in the home's place. The program's own folder stays in sight, to be read.
bool RunForm::hide_home(session::SessionOptions& options)
{
    if (!empty_home_)
        empty_home_ = std::make_unique<QTemporaryDir>();
    QString home = QFileInfo(QDir::homePath()).canonicalFilePath(), directory = QFileInfo(QString::fromStdString(options.cwd)).canonicalFilePath();
    if (!empty_home_->isValid() || home.isEmpty() || home == QStringLiteral("/"))
        return complain(tr("The home folder cannot be hidden here."));
    if (directory == home)
        return complain(tr("Choose a folder inside your home as the directory: all of the home is hidden."));
    options.binds.insert(options.binds.begin(), session::Bind {.source = empty_home_->path().toStdString(), .target = home.toStdString(), .read_only = false});
    if (directory.startsWith(home + '/')) {
        QDir(empty_home_->path()).mkpath(directory.mid(home.size() + 1));
        options.binds.insert(options.binds.begin() + 1, session::Bind {.source = directory.toStdString(), .target = directory.toStdString(), .read_only = true});
    }
    return true;
}

void RunForm::show_more(bool more)
{
    more_->setVisible(more);
    change_->setText(more ? tr("Less") : tr("Change…"));
    updateGeometry();
}

void RunForm::set_command(const QString& command)
{
    command_->setText(command);
}

QString RunForm::command() const
{
    return command_->text();
}

void RunForm::focus_command()
{
    command_->setFocus();
    command_->selectAll();
}

QString RunForm::complaint() const
{
    return complaint_->isHidden() ? QString() : complaint_->text();
}

bool RunForm::complain(const QString& message)
{
    QPalette red = complaint_->palette();
    red.setColor(QPalette::WindowText, colours().error);
    complaint_->setPalette(red);
    complaint_->setText(QStringLiteral("✕ ") + message);
    complaint_->setVisible(!message.isEmpty());
    return false;
}

void RunForm::choose_directory()
{
    QString chosen = QFileDialog::getExistingDirectory(this, tr("The program's directory"), directory_->text());
    if (!chosen.isEmpty())
        directory_->setText(chosen);
}

bool RunForm::take_environment(session::SessionOptions& options)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("TERM"), QStringLiteral("dumb")); // the output is shown as plain text
    const QStringList lines = lines_of(environment_);
    for (const QString& line : lines) {
        qsizetype equals = line.indexOf('=');
        if (equals <= 0)
            return complain(tr("Environment: “%1” is not NAME=VALUE.").arg(line));
        environment.insert(line.left(equals), line.mid(equals + 1));
    }
    const QStringList all = environment.toStringList();
    for (const QString& entry : all)
        options.env.push_back(entry.toStdString());
    return true;
}

/// Settings are kept by name; slashes would make folders of them.
void RunForm::list_kept(const QString& chosen)
{
    QSettings settings;
    settings.beginGroup(kept_folder.chopped(1));
    kept_->clear();
    kept_->addItem(tr("As they are here"));
    const QStringList names = settings.childGroups();
    for (const QString& name : names) {
        kept_->addItem(QUrl::fromPercentEncoding(name.toUtf8()), name);
        if (name == chosen)
            kept_->setCurrentIndex(kept_->count() - 1);
    }
    forget_->setEnabled(kept_->currentIndex() > 0);
}

void RunForm::keep()
{
    bool ok = false;
    QString name = QInputDialog::getText(this, tr("Keep these settings"), tr("A name for them:"), QLineEdit::Normal, kept_->currentIndex() > 0 ? kept_->currentText() : QString(), &ok).trimmed();
    if (ok && !name.isEmpty())
        keep_as(name);
}

void RunForm::keep_as(const QString& name)
{
    QString key = QString::fromLatin1(QUrl::toPercentEncoding(name));
    QSettings settings;
    settings.beginGroup(kept_folder + key);
    settings.setValue("distrust", distrusts());
    for (const auto& [what, line] : lines())
        settings.setValue(what, line->text());
    settings.setValue("environment", environment_->toPlainText());
    settings.setValue("binds", binds_->toPlainText());
    settings.endGroup();
    list_kept(key);
}

std::vector<std::pair<QString, QLineEdit*>> RunForm::lines() const
{
    return {{"directory", directory_}, {"root", root_}, {"memory", memory_}, {"processes", processes_}};
}

void RunForm::use_kept(int index)
{
    forget_->setEnabled(index > 0);
    if (index <= 0)
        return;
    QSettings settings;
    settings.beginGroup(kept_folder + kept_->itemData(index).toString());
    distrust(settings.value("distrust").toBool());
    for (const auto& [what, line] : lines())
        line->setText(settings.value(what).toString());
    environment_->setPlainText(settings.value("environment").toString());
    binds_->setPlainText(settings.value("binds").toString());
    describe();
}

bool RunForm::take_limits(session::SessionOptions& options)
{
    if (QString root = with_home(root_->text().trimmed()); !root.isEmpty()) {
        if (!QFileInfo(root).isDir())
            return complain(tr("Root folder: %1 is none.").arg(root));
        options.root = QFileInfo(root).canonicalFilePath().toStdString();
    }
    if (QString text = memory_->text().trimmed().toUpper(); !text.isEmpty()) {
        qsizetype unit = QStringLiteral("KMG").indexOf(text.back());
        bool ok = false;
        qulonglong amount = (unit < 0 ? text : text.chopped(1)).toULongLong(&ok);
        int shift = static_cast<int>(10 * (unit + 1));
        if (!ok || amount == 0 || amount > (qulonglong {1} << 62 >> shift))
            return complain(tr("Memory: “%1” is no size such as 512M.").arg(memory_->text()));
        options.memory = amount << shift;
    }
    if (QString text = processes_->text().trimmed(); !text.isEmpty()) {
        bool ok = false;
        options.pids = text.toUInt(&ok);
        if (!ok || options.pids == 0)
            return complain(tr("Processes: “%1” is no number of them.").arg(text));
    }
    return true;
}

bool RunForm::take_binds(session::SessionOptions& options)
{
    const QStringList lines = lines_of(binds_);
    for (QString line : lines) {
        session::Bind bind;
        if (line.endsWith(QStringLiteral(":ro"))) {
            bind.read_only = true;
            line.chop(3);
        }
        QString source = QFileInfo(with_home(line.section(':', 0, 0))).canonicalFilePath();
        QString target = line.contains(':') ? line.section(':', 1) : source;
        if (source.isEmpty())
            return complain(tr("It may change: %1 does not exist.").arg(line.section(':', 0, 0)));
        if (!target.startsWith('/'))
            return complain(tr("It may change: %1 must be an absolute path.").arg(target));
        bind.source = source.toStdString();
        bind.target = target.toStdString();
        options.binds.push_back(std::move(bind));
    }
    return true;
}

std::optional<session::SessionOptions> RunForm::options()
{
    complain({});
    ShellWords split = split_command(command_->text());
    session::SessionOptions options;
    options.mode = session::Mode::record;
    if (!split.mistake.isEmpty()) {
        complain(split.mistake);
        return {};
    }
    if (split.words.empty()) {
        complain(tr("Type the program to run."));
        return {};
    }
    // Pipes, redirections and patterns mean what they mean in a shell.
    options.argv = split.needs_shell ? std::vector<std::string> {"sh", "-c", command_->text().toStdString()} : split.words;
    QString directory = QDir::cleanPath(with_home(directory_->text().trimmed()));
    if (!QFileInfo(directory).isDir()) {
        show_more(true);
        complain(tr("Directory: %1 is none.").arg(directory));
        return {};
    }
    options.cwd = QFileInfo(directory).absoluteFilePath().toStdString();
    if (!take_environment(options) || !take_binds(options) || !take_limits(options) || (distrusts() && !hide_home(options))) {
        show_more(true);
        return {};
    }
    options.restore_terminal = false;
    options.trace.path = new_trace_path(split.words.front()).toStdString();
    return options;
}

void RunForm::run()
{
    if (auto wanted = options())
        Q_EMIT run_asked(*wanted);
}

}
