/* The calls of libvips that make a size of a photo, with whatever build of it this is linked to: CPU milliseconds of each, the
 * median of some rounds, as JSON. Argument: a JPEG. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <vips/vips.h>

enum { kRounds = 3 };

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void* a, const void* b) {
    const double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

static double once(const void* data, size_t size, int width, const char* format, int effort) {
    const double begin = cpu_ms();
    VipsImage* image = NULL;
    void* out = NULL;
    size_t out_size = 0;
    int failed = vips_thumbnail_buffer((void*)data, size, &image, width, "height", 10000, NULL);
    if (!failed && format[0] == 'p') out = vips_image_write_to_memory(image, &out_size);
    if (!failed && format[0] == 'j') failed = vips_jpegsave_buffer(image, &out, &out_size, "Q", 80, NULL);
    if (!failed && format[0] == 'w') failed = vips_webpsave_buffer(image, &out, &out_size, "Q", 80, "effort", effort, NULL);
    if (failed || out == NULL) {
        fprintf(stderr, "%s\n", vips_error_buffer());
        exit(1);
    }
    g_free(out);
    g_object_unref(image);
    return cpu_ms() - begin;
}

static void report(const void* data, size_t size, int width, const char* format, int effort) {
    double taken[kRounds];
    for (int i = 0; i < kRounds; i++) taken[i] = once(data, size, width, format, effort);
    qsort(taken, kRounds, sizeof taken[0], compare);
    printf(", \"%s_%d_effort_%d\": %.2f", format, width, effort, taken[kRounds / 2]);
}

int main(int argc, char** argv) {
    gchar* data = NULL;
    gsize size = 0;
    const int widths[] = {320, 800, 1600};
    if (argc != 2 || VIPS_INIT(argv[0]) || !g_file_get_contents(argv[1], &data, &size, NULL)) return 2;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    printf("{\"version\": \"%s\"", vips_version_string());
    for (int i = 0; i < 3; i++) {
        report(data, size, widths[i], "pixels", 0);
        report(data, size, widths[i], "jpeg", 0);
        report(data, size, widths[i], "webp", 4);
        report(data, size, widths[i], "webp", 2);
    }
    printf("}\n");
    return 0;
}
