// The flame: time in the kernel by process, child and call. What is wide took long; a click goes into a frame, and out of it again.
#pragma once

#include "trace/analysis/statistics.h"

#include <QWidget>

#include <memory>

namespace ringside::ui {

class FlameView : public QWidget {
    Q_OBJECT

public:
    explicit FlameView(QWidget* parent = nullptr);
    void set_frame(std::shared_ptr<const trace::analysis::Frame> root);

Q_SIGNALS:
    void menu_asked(const QString& condition, const QPoint& global);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    struct Box {
        QRectF rect;
        const trace::analysis::Frame* frame;
    };
    void lay_out();
    void place(const trace::analysis::Frame& frame, double x, double width, int depth);
    const Box* box_at(const QPointF& position) const;
    void choose(int step_x, int step_y);

    std::shared_ptr<const trace::analysis::Frame> root_;
    std::vector<const trace::analysis::Frame*> path_; ///< into which was gone
    std::vector<Box> boxes_;
    const trace::analysis::Frame* current_ = nullptr;
};

}
