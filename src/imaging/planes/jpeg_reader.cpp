#include "imaging/planes/jpeg_reader.h"

// Not self-contained: wants stdio first.
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csetjmp>
#include <vector>

#include "imaging/planes/srgb_profile.h"

namespace pixgate::imaging {
namespace {

constexpr long kMaxWarnings = 100;
constexpr unsigned kMaxSampling = 4, kMaxRows = kMaxSampling * DCTSIZE;
constexpr std::size_t kMaxErrorChars = 160;

struct Errors {
    jpeg_error_mgr manager{};
    std::jmp_buf out{};
};

Errors& errors_of(j_common_ptr info) {
    return *reinterpret_cast<Errors*>(info->err);
}

[[noreturn]] void leave(j_common_ptr info) {
    std::longjmp(errors_of(info).out, 1);
}

void count_warning(j_common_ptr info, int level) {
    if (level < 0 && ++info->err->num_warnings >= kMaxWarnings) info->err->error_exit(info);
}

struct ScanBound {
    jpeg_progress_mgr manager{};
    int max_scans = 0;
    bool is_over = false;
};

void stop_at_bound(j_common_ptr info) {
    auto& bound = *reinterpret_cast<ScanBound*>(info->progress);
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= bound.max_scans) return;
    bound.is_over = true;
    info->err->error_exit(info);
}

void say_nothing(j_common_ptr) {}
void do_nothing(j_decompress_ptr) {}

boolean end_of_bytes(j_decompress_ptr info) {
    ERREXIT(info, JERR_INPUT_EOF);
    return FALSE;
}

void skip(j_decompress_ptr info, long bytes) {
    if (bytes <= 0) return;
    if (static_cast<std::size_t>(bytes) > info->src->bytes_in_buffer) end_of_bytes(info);
    info->src->next_input_byte += bytes;
    info->src->bytes_in_buffer -= static_cast<std::size_t>(bytes);
}

bool is_finest(const jpeg_decompress_struct& info) {
    const auto& y = info.comp_info[0];
    if (y.h_samp_factor != info.max_h_samp_factor || y.v_samp_factor != info.max_v_samp_factor)
        return false;
    for (int i = 1; i < info.num_components; ++i) {
        const auto& c = info.comp_info[i];
        if (c.h_samp_factor != info.comp_info[1].h_samp_factor ||
            c.v_samp_factor != info.comp_info[1].v_samp_factor ||
            info.max_h_samp_factor % c.h_samp_factor != 0 ||
            info.max_v_samp_factor % c.v_samp_factor != 0)
            return false;
    }
    return true;
}

}  // namespace

struct JpegReader::State {
    jpeg_decompress_struct info{};
    Errors errors;
    jpeg_source_mgr source{};
    ScanBound scans;
    Bytes data;
    std::uint64_t max_memory_bytes = 0;
    bool is_created = false;
    int shrink = 1;
    std::array<Plane, 3> strips;
    std::array<std::array<JSAMPROW, kMaxRows>, 3> rows{};
    std::array<JSAMPARRAY, 3> arrays{};
};

JpegReader::JpegReader(Bytes data, std::uint64_t max_memory_bytes, std::uint32_t max_scans)
    : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.data = data;
    s.max_memory_bytes = max_memory_bytes;
    s.scans.max_scans = static_cast<int>(std::min<std::uint32_t>(max_scans, INT_MAX));
    s.scans.manager.progress_monitor = &stop_at_bound;
    s.info.err = jpeg_std_error(&s.errors.manager);
    s.errors.manager.error_exit = &leave;
    s.errors.manager.emit_message = &count_warning;
    s.errors.manager.output_message = &say_nothing;
    s.source.next_input_byte = data.data();
    s.source.bytes_in_buffer = data.size();
    s.source.init_source = &do_nothing;
    s.source.fill_input_buffer = &end_of_bytes;
    s.source.skip_input_data = &skip;
    s.source.resync_to_restart = &jpeg_resync_to_restart;
    s.source.term_source = &do_nothing;
}

JpegReader::~JpegReader() {
    if (state_->is_created) jpeg_destroy_decompress(&state_->info);
}

// No object with a destructor lives in a function that setjmp may return to.
bool JpegReader::read_head(JpegHead& head) {
    State& s = *state_;
    if (setjmp(s.errors.out) != 0) return false;
    jpeg_create_decompress(&s.info);
    s.is_created = true;
    s.info.mem->max_memory_to_use = static_cast<long>(s.max_memory_bytes);
    s.info.src = &s.source;
    s.info.progress = &s.scans.manager;
    jpeg_save_markers(&s.info, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&s.info, TRUE);
    head.size = {s.info.image_width, s.info.image_height};
    head.is_grey = s.info.jpeg_color_space == JCS_GRAYSCALE && s.info.num_components == 1;
    const bool is_colour = s.info.jpeg_color_space == JCS_YCbCr && s.info.num_components == 3;
    head.is_planar = head.is_grey || (is_colour && is_finest(s.info));
    if (is_colour && head.is_planar) {
        const auto& colour = s.info.comp_info[1];
        head.chroma.across =
            static_cast<std::uint8_t>(s.info.max_h_samp_factor / colour.h_samp_factor);
        head.chroma.down =
            static_cast<std::uint8_t>(s.info.max_v_samp_factor / colour.v_samp_factor);
    }
    JOCTET* profile = nullptr;
    unsigned profile_bytes = 0;
    head.profile = JpegProfile::kNone;
    if (s.info.marker_list != nullptr) {
        if (jpeg_read_icc_profile(&s.info, &profile, &profile_bytes) != 0) {
            const bool is_srgb = !head.is_grey && is_srgb_profile(Bytes(profile, profile_bytes));
            head.profile = is_srgb ? JpegProfile::kSrgb : JpegProfile::kOther;
            if (!is_srgb) head.other_profile.assign(profile, profile + profile_bytes);
            std::free(profile);
        } else {
            head.profile = JpegProfile::kOther;
        }
    }
    return true;
}

bool JpegReader::start(int shrink, JpegLayout& layout) {
    State& s = *state_;
    if (setjmp(s.errors.out) != 0) return false;
    s.info.scale_num = 1;
    s.info.scale_denom = static_cast<unsigned>(shrink);
    s.shrink = shrink;
    s.info.raw_data_out = TRUE;
    s.info.do_fancy_upsampling = FALSE;
    s.info.out_color_space = s.info.jpeg_color_space;
    if (jpeg_start_decompress(&s.info) == FALSE) return false;
    const auto& y = s.info.comp_info[0];
    layout.y = {y.downsampled_width, y.downsampled_height};
    layout.colour = {0, 0};
    layout.chroma = kFullChroma;
    layout.width = static_cast<double>(s.info.image_width) / shrink;
    layout.height = static_cast<double>(s.info.image_height) / shrink;
    if (s.info.num_components == 3) {
        const auto& c = s.info.comp_info[1];
        layout.colour = {c.downsampled_width, c.downsampled_height};
        // Colour may be decoded at more than its share, where it is sampled coarser.
        layout.chroma.across = static_cast<std::uint8_t>(
            y.h_samp_factor * y.DCT_scaled_size / (c.h_samp_factor * c.DCT_scaled_size)
        );
        layout.chroma.down = static_cast<std::uint8_t>(
            y.v_samp_factor * y.DCT_scaled_size / (c.v_samp_factor * c.DCT_scaled_size)
        );
    }
    return true;
}

bool JpegReader::decode(RowSink& sink) {
    State& s = *state_;
    for (int i = 0; i < s.info.num_components; ++i) {
        const auto& c = s.info.comp_info[i];
        const auto at = static_cast<std::size_t>(i);
        const unsigned rows = static_cast<unsigned>(c.v_samp_factor * c.DCT_scaled_size);
        s.strips.at(at) = Plane(c.width_in_blocks * static_cast<unsigned>(c.DCT_scaled_size), rows);
        for (unsigned r = 0; r < rows; ++r) s.rows.at(at).at(r) = s.strips.at(at).row(r);
        s.arrays.at(at) = s.rows.at(at).data();
    }
    const auto lines = static_cast<unsigned>(s.info.max_v_samp_factor * s.info.min_DCT_scaled_size);
    std::array<std::uint32_t, 3> done{};
    while (s.info.output_scanline < s.info.output_height) {
        if (setjmp(s.errors.out) != 0) return false;
        if (jpeg_read_raw_data(&s.info, s.arrays.data(), lines) == 0) return false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(s.info.num_components); ++i) {
            const auto& c = s.info.comp_info[i];
            const std::uint32_t rows =
                std::min(s.strips.at(i).height(), c.downsampled_height - done.at(i));
            for (std::uint32_t r = 0; r < rows; ++r)
                sink.push(static_cast<int>(i), s.strips.at(i).row(r));
            done.at(i) += rows;
        }
    }
    return true;
}

std::string JpegReader::error() const {
    if (state_->scans.is_over) return "more scans than its header";
    std::array<char, JMSG_LENGTH_MAX> text{};
    state_->info.err->format_message(reinterpret_cast<j_common_ptr>(&state_->info), text.data());
    std::string out;
    for (const char* c = text.data(); *c != 0 && out.size() < kMaxErrorChars; ++c)
        out += *c >= ' ' && *c <= '~' ? *c : ' ';
    return out;
}

}  // namespace pixgate::imaging
