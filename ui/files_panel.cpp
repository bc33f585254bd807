// See files_panel.h.
#include "ui/files_panel.h"

#include "trace/analysis/files.h"
#include "ui/event_conditions.h"
#include "ui/numbers.h"
#include "ui/tree_table.h"

#include <QMap>

namespace ringside::ui {

namespace {

using namespace trace::analysis;

QString uses_words(const FileUse& file)
{
    using namespace file_use;
    QStringList words;
    const std::pair<std::uint16_t, QString> names[] = {{read, FilesPanel::tr("read")}, {mapped, FilesPanel::tr("mapped")}, {listed, FilesPanel::tr("listed")}, {written, FilesPanel::tr("written")},
        {created, FilesPanel::tr("created")}, {removed, FilesPanel::tr("removed")}, {changed, FilesPanel::tr("changed")}, {executed, FilesPanel::tr("run")}};
    for (const auto& [use, name] : names)
        if (file.is(use))
            words.append(name);
    if (!words.isEmpty())
        return words.join(QStringLiteral(", "));
    if (file.is(opened))
        return FilesPanel::tr("opened");
    return file.is(looked_at) ? FilesPanel::tr("looked at") : FilesPanel::tr("✕ tried: %1").arg(from_utf8(trace::errno_name(file.error)));
}

struct Folder {
    std::map<QString, Folder> folders;
    std::vector<std::pair<QString, const FileUse*>> files;
};

struct Sums {
    std::uint64_t read = 0, written = 0;
};

TreeRow* file_row(TreeRow& parent, const QString& name, const FileUse& file, const Processes& processes)
{
    QString by = file.by.empty() ? QString() : from_utf8(processes.label(file.by.front()));
    if (file.by.size() > 1)
        by += QStringLiteral(" +%1").arg(file.by.size() - 1);
    TreeRow* row = parent.add({name, some_text(file.read_bytes), some_text(file.written_bytes), uses_words(file), by});
    row->keys = {0, double(file.read_bytes), double(file.written_bytes)};
    row->event = file.first;
    row->condition = "path == " + filter_quoted(from_utf8(file.path));
    bool altered = file.is(file_use::written | file_use::created | file_use::removed | file_use::changed);
    bool missed = file.is(file_use::tried) && !file.is(file_use::read | file_use::opened | file_use::mapped | file_use::executed | file_use::looked_at | file_use::listed) && !altered;
    row->ink = missed ? TreeRow::Ink::quiet : altered ? TreeRow::Ink::warning : TreeRow::Ink::plain;
    return row;
}

/// Folders with one folder in them and nothing else are one row.
Sums add_folder(TreeRow& parent, const Folder& folder, const QString& path, const Processes& processes)
{
    Sums sums;
    for (const auto& [name, inner] : folder.folders) {
        const Folder* at = &inner;
        QString title = name, whole = path + '/' + name;
        while (at->files.empty() && at->folders.size() == 1) {
            title += '/' + at->folders.begin()->first;
            whole += '/' + at->folders.begin()->first;
            at = &at->folders.begin()->second;
        }
        TreeRow* row = parent.add({(path.isEmpty() ? "/" : "") + title + '/', {}, {}, {}, {}});
        Sums own = add_folder(*row, *at, whole, processes);
        row->cells[1] = some_text(own.read);
        row->cells[2] = some_text(own.written);
        row->keys = {0, double(own.read), double(own.written)};
        row->condition = "path glob " + filter_quoted(whole + "/*");
        sums.read += own.read;
        sums.written += own.written;
    }
    for (const auto& [name, file] : folder.files) {
        file_row(parent, name, *file, processes);
        sums.read += file->read_bytes;
        sums.written += file->written_bytes;
    }
    return sums;
}

std::unique_ptr<TreeRow> tree_of(const std::vector<FileUse>& files, const Processes& processes)
{
    Folder top;
    for (const FileUse& file : files) {
        QStringList parts = from_utf8(file.path).split('/', Qt::SkipEmptyParts);
        if (parts.isEmpty())
            parts.append(QStringLiteral("/"));
        Folder* at = &top;
        for (qsizetype i = 0; i + 1 < parts.size() && i < 64; ++i)
            at = &at->folders[parts[i]];
        at->files.emplace_back(parts.back(), &file);
    }
    auto root = std::make_unique<TreeRow>();
    add_folder(*root, top, {}, processes);
    return root;
}

}

FilesPanel::FilesPanel(QWidget* parent)
    : ViewPanel(tr("Files"), "files", parent), table_(new TreeTable({{tr("Name"), false, true}, {tr("Read"), true}, {tr("Written"), true}, {tr("What")}, {tr("By")}}, tr("Files")))
{
    set_view(table_);
    connect(table_, &TreeTable::chosen, this, [this](const TreeRow* row) {
        if (row->event)
            Q_EMIT event_chosen(row->event);
    });
    connect(table_, &TreeTable::menu_asked, this, [this](const TreeRow* row, const QPoint& at) { condition_menu(row->condition, at, row->event); });
}

void FilesPanel::ask(Analyst& analyst)
{
    analyst.ask(this, [this](const Analyst::Scope& scope) -> std::function<void()> {
        auto used = files(scope.input, scope.processes);
        FileCounts counts = count(used);
        auto tree = std::make_shared<std::unique_ptr<TreeRow>>(tree_of(used, scope.processes));
        return [this, tree, counts, any = !used.empty()] {
            set_note(tr("%1 read, %2 libraries, %3 written, %4 tried").arg(number_text(counts.read), number_text(counts.libraries), number_text(counts.written), number_text(counts.tried)));
            if (!any)
                return show_nothing(tr("This program opened no files."));
            bool first = table_->rows().rowCount() == 0;
            table_->set_rows(std::move(*tree));
            if (first)
                table_->expandToDepth(0);
            show_view();
        };
    });
}

}
