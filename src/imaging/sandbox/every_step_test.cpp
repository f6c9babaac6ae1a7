// Every step of a transform within the walls: libraries ask for odd system calls in odd corners.
#include <gtest/gtest.h>

#include "core/transform.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

constexpr std::array<std::string_view, 34> kAsks{
    "w=60,f=jpeg",
    "w=60,f=webp",
    "w=60,f=png",
    "w=60,f=avif",
    "w=60,f=gif",
    "w=60,h=60,fit=cover,gravity=smart,f=jpeg",
    "w=60,h=60,fit=cover,gravity=top-left,f=webp",
    "w=60,h=60,fit=cover,gravity=0.2x0.7,f=jpeg",
    "w=60,h=60,fit=crop,f=jpeg",
    "w=60,h=60,fit=pad,background=102030,f=jpeg",
    "w=60,h=60,fit=pad,f=webp",
    "w=60,h=60,fit=squeeze,f=jpeg",
    "w=400,h=300,fit=contain,enlarge=1,f=jpeg",
    "crop=10x10x50x40,w=30,f=jpeg",
    "rotate=90,w=60,f=jpeg",
    "rotate=180,w=60,f=png",
    "rotate=270,flip=h,w=60,f=webp",
    "flip=v,w=60,f=jpeg",
    "trim=10,w=60,f=jpeg",
    "trim=10,f=png",
    "blur=1.5,w=60,f=jpeg",
    "blur=40,w=60,f=jpeg",
    "sharpen=2,w=60,f=jpeg",
    "brightness=1.4,w=60,f=jpeg",
    "contrast=0.6,w=60,f=jpeg",
    "saturation=1.8,w=60,f=jpeg",
    "grayscale=1,w=60,f=jpeg",
    "grayscale=1,w=60,f=avif",
    "q=95,w=60,f=jpeg",
    "q=20,w=60,f=webp",
    "metadata=copyright,w=60,f=jpeg",
    "w=60,anim=1,f=webp",
    "w=60,anim=1,f=gif",
    "blur=2,sharpen=1,brightness=1.1,contrast=1.1,saturation=0.9,rotate=90,w=60,f=webp",
};

void expect_every_step(Source source, const std::string& picture) {
    const UniqueFd file = test::file_of(picture);
    for (const auto text : kAsks) {
        TransformRequest request;
        request.transform = parse_transform(text).value();
        request.source = source;
        const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
        ASSERT_TRUE(answer.has_value()) << text << ": " << answer.error().message;
        EXPECT_EQ(answer->refusal, Refusal::kNone) << text << ": " << answer->detail;
    }
}

TEST(SandboxSteps, AreAllDoneInAChildOfTheirOwn) {
    expect_every_step(Source::kStranger, test::make_picture(Format::kPng, 200, 120));
    expect_every_step(Source::kStranger, test::make_animation(80, 60, 3));
}

TEST(SandboxSteps, AreAllDoneInAWarmWorker) {
    expect_every_step(Source::kOwn, test::make_picture(Format::kJpeg, 200, 120));
    expect_every_step(Source::kOwn, test::make_picture(Format::kWebp, 200, 120));
}

}  // namespace
}  // namespace pixgate::imaging
