#include "imaging/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace pixgate::imaging {
namespace {

constexpr double kFree = std::numeric_limits<double>::infinity();

// In pixels of the original, where the input may be a rendition of it.
struct Extent {
    double width = 1;
    double height = 1;
};
struct Area {
    double left = 0, top = 0;
    Extent size;
};

struct Scene {
    Extent original;
    double input_scale_x = 1;  // input pixels for one of the original
    double input_scale_y = 1;
    Area region;
};

std::uint32_t to_pixels(double exact, double max_px) {
    const double most = std::max(1.0, std::floor(max_px + 1e-6));
    return static_cast<std::uint32_t>(std::clamp(std::round(exact), 1.0, most));
}

bool is_quarter_turn(const Transform& transform) {
    return transform.rotate_degrees % 180 != 0;
}

Area intersection(const Area& a, const Area& b) {
    const double left = std::max(a.left, b.left), top = std::max(a.top, b.top);
    const double right = std::min(a.left + a.size.width, b.left + b.size.width);
    const double bottom = std::min(a.top + a.size.height, b.top + b.size.height);
    return {left, top, {right - left, bottom - top}};
}

bool is_empty(const Area& area) {
    return area.size.width <= 0 || area.size.height <= 0;
}

Area crop_area(const CropRect& crop, Extent original) {
    if (crop == CropRect{}) return {0, 0, original};
    // At least one pixel of the picture, wherever the rectangle lies.
    const double left = std::min<double>(crop.left_px, original.width - 1);
    const double top = std::min<double>(crop.top_px, original.height - 1);
    return {
        std::max(0.0, left),
        std::max(0.0, top),
        {std::clamp<double>(crop.width_px, 1, std::max(1.0, original.width - left)),
         std::clamp<double>(crop.height_px, 1, std::max(1.0, original.height - top))}
    };
}

Extent original_extent(Size turned_source, const TransformRequest& request) {
    Extent original{
        static_cast<double>(request.original_width_px),
        static_cast<double>(request.original_height_px)
    };
    if (request.original_width_px == 0 || request.original_height_px == 0)
        return {
            static_cast<double>(turned_source.width_px),
            static_cast<double>(turned_source.height_px)
        };
    if (is_quarter_turn(request.transform)) std::swap(original.width, original.height);
    return original;
}

Size turned_size(Size source, const Transform& transform) {
    if (is_quarter_turn(transform)) std::swap(source.width_px, source.height_px);
    return source;
}

Scene make_scene(Size turned_source, const TransformRequest& request, const Rect* within) {
    Scene scene;
    scene.original = original_extent(turned_source, request);
    scene.input_scale_x = turned_source.width_px / scene.original.width;
    scene.input_scale_y = turned_source.height_px / scene.original.height;
    scene.region = crop_area(request.transform.crop, scene.original);
    if (within != nullptr) {
        const Area trimmed{
            within->at.left_px / scene.input_scale_x,
            within->at.top_px / scene.input_scale_y,
            {within->size.width_px / scene.input_scale_x,
             within->size.height_px / scene.input_scale_y}
        };
        const Area both = intersection(scene.region, trimmed);
        if (!is_empty(both)) scene.region = both;
    }
    return scene;
}

// From 0, left or top, to 1, right or bottom.
double across_of(GravityKind kind) {
    switch (kind) {
        case GravityKind::kLeft:
        case GravityKind::kTopLeft:
        case GravityKind::kBottomLeft:
            return 0;
        case GravityKind::kRight:
        case GravityKind::kTopRight:
        case GravityKind::kBottomRight:
            return 1;
        default:
            return 0.5;
    }
}

double down_of(GravityKind kind) {
    switch (kind) {
        case GravityKind::kTop:
        case GravityKind::kTopLeft:
        case GravityKind::kTopRight:
            return 0;
        case GravityKind::kBottom:
        case GravityKind::kBottomLeft:
        case GravityKind::kBottomRight:
            return 1;
        default:
            return 0.5;
    }
}

Area place_cut(const Scene& scene, Extent cut, const Gravity& gravity) {
    const Area& region = scene.region;
    const double room_x = std::max(0.0, region.size.width - cut.width);
    const double room_y = std::max(0.0, region.size.height - cut.height);
    double from_left = room_x * across_of(gravity.kind);
    double from_top = room_y * down_of(gravity.kind);
    if (gravity.kind == GravityKind::kPoint) {
        const double x = scene.original.width * gravity.x_permille / 1000 - region.left;
        const double y = scene.original.height * gravity.y_permille / 1000 - region.top;
        from_left = std::clamp(x - cut.width / 2, 0.0, room_x);
        from_top = std::clamp(y - cut.height / 2, 0.0, room_y);
    }
    return {region.left + from_left, region.top + from_top, cut};
}

Rect to_input(const Scene& scene, const Area& area, Size source) {
    Rect rect;
    rect.size.width_px = to_pixels(area.size.width * scene.input_scale_x, source.width_px);
    rect.size.height_px = to_pixels(area.size.height * scene.input_scale_y, source.height_px);
    const auto offset = [](double exact, std::uint32_t room) {
        return static_cast<std::uint32_t>(
            std::clamp(std::round(exact), 0.0, static_cast<double>(room))
        );
    };
    rect.at.left_px = offset(area.left * scene.input_scale_x, source.width_px - rect.size.width_px);
    rect.at.top_px = offset(area.top * scene.input_scale_y, source.height_px - rect.size.height_px);
    return rect;
}

// The largest scale at which a picture of this extent is within the limits of the output.
double capped_scale(Extent extent, const TransformRequest& request) {
    const double area = extent.width * extent.height;
    return std::min(
        request.max_side_px / std::max(extent.width, extent.height),
        std::sqrt(static_cast<double>(request.max_output_pixels) / area)
    );
}

// Scaled and rounded; rounding does not lead over the limits.
Size sized(Extent extent, double scale, Extent most, const TransformRequest& request) {
    const double side = request.max_side_px;
    Size size{
        to_pixels(extent.width * scale, std::min(most.width, side)),
        to_pixels(extent.height * scale, std::min(most.height, side))
    };
    const auto limit = std::max<std::uint64_t>(1, request.max_output_pixels);
    if (std::uint64_t{size.width_px} * size.height_px > limit) {
        auto& longer = size.width_px >= size.height_px ? size.width_px : size.height_px;
        const auto& shorter = size.width_px >= size.height_px ? size.height_px : size.width_px;
        longer = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, limit / shorter));
    }
    return size;
}

struct Fitting {
    const Scene& scene;
    const TransformRequest& request;
    Extent box;   // kFree where nothing was asked for
    Extent most;  // how large `resized` may be
    Size source;
};

Fitting make_fitting(const Scene& scene, const TransformRequest& request, Size source) {
    const auto free_or = [](std::uint32_t px) { return px == 0 ? kFree : static_cast<double>(px); };
    Fitting fitting{scene, request, {}, {kFree, kFree}, source};
    fitting.box = {free_or(request.transform.width_px), free_or(request.transform.height_px)};
    if (fitting.box.width != kFree && fitting.box.height != kFree) {
        const double scale = std::min(1.0, capped_scale(fitting.box, request));
        fitting.box.width = std::max(1.0, std::floor(fitting.box.width * scale + 1e-6));
        fitting.box.height = std::max(1.0, std::floor(fitting.box.height * scale + 1e-6));
    }
    if (!request.transform.enlarge) {
        const Size region = to_input(scene, scene.region, source).size;
        fitting.most = {
            static_cast<double>(region.width_px), static_cast<double>(region.height_px)
        };
    }
    return fitting;
}

void fit_inside(const Fitting& fitting, Plan& plan) {
    const Extent region = fitting.scene.region.size;
    double scale = std::min(fitting.box.width / region.width, fitting.box.height / region.height);
    if (scale == kFree) scale = fitting.scene.input_scale_x;
    if (!fitting.request.transform.enlarge)
        scale = std::min(scale, std::max(fitting.scene.input_scale_x, fitting.scene.input_scale_y));
    scale = std::min(scale, capped_scale(region, fitting.request));
    const Extent most{
        std::min(fitting.most.width, fitting.box.width),
        std::min(fitting.most.height, fitting.box.height)
    };
    plan.resized = plan.canvas = sized(region, scale, most, fitting.request);
}

void fit_covering(const Fitting& fitting, Plan& plan) {
    const Extent region = fitting.scene.region.size;
    const double wanted =
        std::max(fitting.box.width / region.width, fitting.box.height / region.height);
    const Extent cut{
        std::min(fitting.box.width / wanted, region.width),
        std::min(fitting.box.height / wanted, region.height)
    };
    const Area area = place_cut(fitting.scene, cut, fitting.request.transform.gravity);
    const Rect rect = to_input(fitting.scene, area, fitting.source);
    plan.crop = rect.size;
    plan.crop_at = rect.at;
    double smaller = 1;
    if (!fitting.request.transform.enlarge)
        smaller = std::min(
            1.0, std::max(fitting.scene.input_scale_x, fitting.scene.input_scale_y) / wanted
        );
    Extent most = fitting.box;
    if (!fitting.request.transform.enlarge)
        most = {
            std::min<double>(most.width, rect.size.width_px),
            std::min<double>(most.height, rect.size.height_px)
        };
    plan.resized = plan.canvas = sized(fitting.box, smaller, most, fitting.request);
}

void fit_squeezed(const Fitting& fitting, Plan& plan) {
    plan.resized = plan.canvas = sized(fitting.box, 1, fitting.most, fitting.request);
}

void fit_padded(const Fitting& fitting, Plan& plan) {
    fit_inside(fitting, plan);
    plan.canvas = sized(fitting.box, 1, {kFree, kFree}, fitting.request);
    const auto& gravity = fitting.request.transform.gravity;
    const bool is_point = gravity.kind == GravityKind::kPoint;
    const double across = is_point ? gravity.x_permille / 1000.0 : across_of(gravity.kind);
    const double down = is_point ? gravity.y_permille / 1000.0 : down_of(gravity.kind);
    const auto part_of = [](std::uint32_t room, double part) {
        return std::min(room, static_cast<std::uint32_t>(std::floor(room * part)));
    };
    plan.resized_at = {
        part_of(plan.canvas.width_px - plan.resized.width_px, across),
        part_of(plan.canvas.height_px - plan.resized.height_px, down)
    };
}

}  // namespace

Plan plan_transform(Size source, const TransformRequest& request, const Rect* within) {
    Plan plan;
    plan.source = turned_size(source, request.transform);
    const Scene scene = make_scene(plan.source, request, within);
    plan.region = to_input(scene, scene.region, plan.source);
    plan.crop = plan.region.size;
    plan.crop_at = plan.region.at;
    const Fitting fitting = make_fitting(scene, request, plan.source);
    const bool has_box = fitting.box.width != kFree && fitting.box.height != kFree;
    const Fit fit = has_box ? request.transform.fit : Fit::kContain;
    switch (fit) {
        case Fit::kCover:
        case Fit::kCrop:
            fit_covering(fitting, plan);
            break;
        case Fit::kPad:
            fit_padded(fitting, plan);
            break;
        case Fit::kSqueeze:
            fit_squeezed(fitting, plan);
            break;
        default:
            fit_inside(fitting, plan);
            break;
    }
    return plan;
}

bool crops_outside(Size source, const TransformRequest& request) {
    const Extent original = original_extent(turned_size(source, request.transform), request);
    const CropRect& crop = request.transform.crop;
    return crop.left_px >= original.width || crop.top_px >= original.height;
}

}  // namespace pixgate::imaging
