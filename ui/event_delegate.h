// Paints the cells of the events table: coloured spans from the decoder, signs, the bar of the call's group at the left edge.
#pragma once

#include "ui/event_row.h"

#include <QFont>
#include <QStyledItemDelegate>

namespace ringside::ui {

class EventDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    explicit EventDelegate(QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

    /// For tests: how the result of this kind is coloured.
    static QColor result_colour(ResultKind kind);
    static constexpr int margin = 8;

private:
    void paint_cell(QPainter* painter, const QRect& rect, const QModelIndex& index, const EventRow& row) const;
    void paint_arguments(QPainter* painter, const QRect& rect, const EventRow& row) const;

    QFont mono_, mono_bold_, sans_;
};

}
