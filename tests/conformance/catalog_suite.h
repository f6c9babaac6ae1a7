// What every Catalog must do with changes. See ports/catalog.h and core/image_change.h.
#pragma once

#include <thread>

#include "tests/conformance/catalog_fixture.h"

namespace pixgate::tests::catalog {

inline void a_made_image_is_pending_with_its_facts(World& w) {
    const auto wanted = new_image(w);
    const auto created = run_task(w.catalog().create(wanted));
    ASSERT_TRUE(created);
    EXPECT_FALSE(created->is_replay);
    Image expected = wanted.image;
    expected.history = {{ImageState::kPending, w.clock.now(), ""}};
    EXPECT_EQ(write_snapshot(created->image), write_snapshot(expected));
    EXPECT_EQ(write_snapshot(find(w, expected.id)), write_snapshot(expected));
    EXPECT_EQ(run_task(w.catalog().create(wanted)).error().code, Errc::kAlreadyExists);
}

inline void an_unknown_image_is_not_found(World& w) {
    EXPECT_EQ(run_task(w.catalog().find(new_id())).error().code, Errc::kNotFound);
    Image ghost;
    ghost.id = new_id();
    const auto applied = run_task(w.catalog().apply(to_state(w, ghost, ImageState::kReady)));
    EXPECT_EQ(applied.error().code, Errc::kNotFound);
}

inline void a_verdict_makes_it_ready_with_facts_and_history(World& w) {
    const Image image = create(w);
    w.clock.advance(seconds(2));
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    const Image found = find(w, image.id);
    EXPECT_EQ(found.state, ImageState::kReady);
    EXPECT_EQ(found.etag, "etag-01");
    EXPECT_EQ(found.content_type, "image/jpeg");
    EXPECT_EQ(found.size_bytes, 1'234U);
    EXPECT_EQ(found.sha256, "ab12");
    EXPECT_EQ(found.width_px, 4000U);
    EXPECT_EQ(found.height_px, 3000U);
    EXPECT_EQ(found.ready_at, w.clock.now());
    const std::vector<HistoryEntry> history{
        {ImageState::kPending, image.created_at, ""},
        {ImageState::kStored, w.clock.now() - seconds(1), ""},
        {ImageState::kReady, w.clock.now(), ""},
    };
    EXPECT_EQ(found.history, history);
}

inline void a_verdict_brings_placeholders_and_products(World& w) {
    const Image image = create(w);
    // The sender's thumbnail has the name of a preset: both stay.
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "01")), Applied::kDone);
    Change verdict = ready(w, image, "01");
    verdict.has_alpha = true;
    verdict.dominant_colour = "#102030";
    verdict.thumbhash = "AQID";
    verdict.blurhash = "LEHV6n";
    const auto thumb = product_of(image, VariantKind::kPreset, "thumb", "w=256,f=webp");
    const auto jpeg = product_of(image, VariantKind::kPreset, "thumb", "w=256,f=jpeg");
    const auto rendition = product_of(image, VariantKind::kRendition, "2016", "rendition-2016");
    verdict.products = {rendition, thumb, jpeg};
    EXPECT_EQ(apply(w, verdict), Applied::kDone);
    const Image found = find(w, image.id);
    EXPECT_TRUE(found.has_alpha);
    EXPECT_EQ(found.dominant_colour, "#102030");
    EXPECT_EQ(found.thumbhash, "AQID");
    EXPECT_EQ(found.blurhash, "LEHV6n");
    ASSERT_EQ(found.variants.size(), 4U);
    EXPECT_EQ(found.variants[0].kind, VariantKind::kThumbnail);
    EXPECT_EQ(found.variants[1], jpeg);
    EXPECT_EQ(found.variants[2], thumb);
    EXPECT_EQ(found.variants[3], rendition);
    EXPECT_EQ(write_snapshot(feed(w).back().image), write_snapshot(found));
}

inline void products_are_added_to_the_version_they_were_made_of(World& w) {
    const Image image = create(w);
    Change more;
    more.id = image.id;
    more.at = w.clock.now();
    more.products_of_etag = "etag-01";
    more.products = {product_of(image, VariantKind::kPreset, "w640", "w=640,f=webp")};
    EXPECT_EQ(apply(w, more), Applied::kSkipped) << "not ready yet";
    Change verdict = ready(w, image, "01");
    verdict.products = {product_of(image, VariantKind::kRendition, "504", "rendition-504")};
    EXPECT_EQ(apply(w, verdict), Applied::kDone);
    more.products_of_etag = "etag-00";
    EXPECT_EQ(apply(w, more), Applied::kSkipped);
    more.products_of_etag = "etag-01";
    EXPECT_EQ(apply(w, more), Applied::kDone);
    more.products[0].size_bytes = 7;
    EXPECT_EQ(apply(w, more), Applied::kDone);
    const Image found = find(w, image.id);
    ASSERT_EQ(found.variants.size(), 2U);
    EXPECT_EQ(found.variants[0].size_bytes, 7U);
    EXPECT_EQ(found.history.size(), 3U);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted)), Applied::kDone);
    EXPECT_EQ(apply(w, more), Applied::kSkipped);
}

inline void an_event_has_its_effect_once(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDuplicate);
    EXPECT_EQ(find(w, image.id).history.size(), 3U);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void of_many_at_once_one_takes_effect(World& w) {
    const Image image = create(w);
    std::atomic<int> done = 0;
    std::atomic<int> duplicate = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            const auto applied = apply(w, ready(w, image, "01"));
            done += applied == Applied::kDone ? 1 : 0;
            duplicate += applied == Applied::kDuplicate ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(duplicate, 15);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void an_older_event_is_stale(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "00000000000000A2")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "0000000000000099")), Applied::kStale);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "00000000000000a2")), Applied::kDone)
        << "the same place in the order, another object version";
    EXPECT_EQ(find(w, image.id).variants.at(0).etag, "etag-00000000000000a2");
    // The order holds within one object only.
    EXPECT_EQ(apply(w, variant_of(w, image, "small", "0000000000000001")), Applied::kDone);
}

inline void shuffled_and_doubled_events_end_the_same(World& w) {
    const Image image = create(w);
    std::vector<Change> changes;
    for (const char* sequencer : {"01", "02", "03"}) {
        changes.push_back(variant_of(w, image, "thumb", sequencer));
        changes.push_back(variant_of(w, image, "thumb", sequencer));
    }
    changes.push_back(ready(w, image, "04"));
    changes.push_back(ready(w, image, "04"));
    // Every order's end is the newest thumbnail once, and ready once.
    for (std::size_t i = 0; i < changes.size(); ++i) {
        apply(w, changes[(i * 5 + 3) % changes.size()]);
    }
    const Image found = find(w, image.id);
    EXPECT_EQ(found.state, ImageState::kReady);
    ASSERT_EQ(found.variants.size(), 1U);
    EXPECT_EQ(found.variants[0].etag, "etag-03");
    EXPECT_EQ(found.history.size(), 3U);
}

inline void variants_are_kept_by_name_in_any_state_but_deleted(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, variant_of(w, image, "b", "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kPending);
    EXPECT_EQ(apply(w, ready(w, image, "02")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "a", "03")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "b", "04")), Applied::kDone);
    const auto variants = find(w, image.id).variants;
    ASSERT_EQ(variants.size(), 2U);
    EXPECT_EQ(variants[0], *variant_of(w, image, "a", "03").variant);
    EXPECT_EQ(variants[1], *variant_of(w, image, "b", "04").variant);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted)), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "c", "05")), Applied::kSkipped);
}

inline void a_state_that_does_not_allow_it_is_left_alone(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kExpired)), Applied::kSkipped);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kRejected, "no")), Applied::kSkipped);
    Change only_pending = to_state(w, image, ImageState::kDeleted);
    only_pending.only_from = ImageState::kPending;
    EXPECT_EQ(apply(w, only_pending), Applied::kSkipped);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void a_newer_version_replaces_the_one_that_is_shown(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, variant_of(w, image, "small", "01")), Applied::kDone);
    Change first = ready(w, image, "02");
    first.thumbhash = "AQID";
    first.products = {product_of(image, VariantKind::kPreset, "w640", "w=640,f=webp")};
    EXPECT_EQ(apply(w, first), Applied::kDone);
    w.clock.advance(seconds(60));
    Change second = ready(w, image, "03");
    second.width_px = 640;
    second.products = {product_of(image, VariantKind::kPreset, "w320", "w=320,f=webp")};
    EXPECT_EQ(apply(w, second), Applied::kReplaced);
    EXPECT_EQ(apply(w, second), Applied::kDuplicate);
    EXPECT_EQ(apply(w, first), Applied::kDuplicate);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kStale) << "older than what is shown";
    const Image found = find(w, image.id);
    EXPECT_EQ(found.etag, "etag-03");
    EXPECT_EQ(found.width_px, 640U);
    EXPECT_EQ(found.thumbhash, "");
    EXPECT_EQ(found.ready_at, w.clock.now());
    ASSERT_EQ(found.variants.size(), 2U);
    EXPECT_EQ(found.variants[0].name, "small");
    EXPECT_EQ(found.variants[1].name, "w320");
    EXPECT_EQ(found.history.size(), 5U);
    EXPECT_EQ(write_snapshot(feed(w).back().image), write_snapshot(found));
}

inline void a_newer_version_that_is_refused_withdraws_the_one_that_is_shown(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    Change refused = to_state(w, image, ImageState::kRejected, "broken");
    refused.event = event_of(image, "02");
    EXPECT_EQ(apply(w, refused), Applied::kReplaced);
    const Image found = find(w, image.id);
    EXPECT_EQ(found.state, ImageState::kRejected);
    EXPECT_EQ(found.reason, "broken");
    EXPECT_EQ(found.etag, "etag-02");
    EXPECT_EQ(found.width_px, 0U);
    EXPECT_FALSE(found.ready_at);
    EXPECT_TRUE(found.variants.empty());
    EXPECT_EQ(feed(w).size(), 2U);
}

inline void a_failed_image_becomes_ready_by_the_same_event(World& w) {
    const Image image = create(w);
    Change failed = to_state(w, image, ImageState::kFailed, "retries_exhausted");
    failed.event = event_of(image, "01");
    EXPECT_EQ(apply(w, failed), Applied::kDone);
    EXPECT_EQ(find(w, image.id).reason, "retries_exhausted");
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
    EXPECT_EQ(find(w, image.id).reason, "");
}

inline void an_expired_image_still_becomes_ready(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kExpired)), Applied::kDone);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
}

inline void a_deleted_image_is_gone_for_good(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted, "asked")), Applied::kDone);
    EXPECT_EQ(run_task(w.catalog().find(image.id)).error().code, Errc::kNotFound);
    EXPECT_TRUE(run_task(w.catalog().list({}))->images.empty());
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kSkipped);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted)), Applied::kSkipped);
    const auto told = feed(w);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].image.state, ImageState::kDeleted);
    EXPECT_EQ(told[0].image.filename, "");
    EXPECT_TRUE(told[0].image.metadata.empty());
}

inline void images_survive_a_restart(World& w) {
    const Image image = create(w);
    apply(w, variant_of(w, image, "thumb", "01"));
    Change verdict = ready(w, image, "02");
    verdict.thumbhash = "AQID";
    verdict.products = {product_of(image, VariantKind::kPreset, "w640", "w=640,f=webp")};
    apply(w, verdict);
    const auto before = write_snapshot(find(w, image.id));
    const auto last = run_task(w.catalog().last_seq()).value();
    w.restart();
    EXPECT_EQ(write_snapshot(find(w, image.id)), before);
    EXPECT_EQ(run_task(w.catalog().last_seq()).value(), last);
    EXPECT_EQ(apply(w, ready(w, image, "02")), Applied::kDuplicate);
    EXPECT_EQ(feed(w).size(), 2U);
}

inline constexpr Case kCases[]{
    {"AMadeImageIsPendingWithItsFacts", a_made_image_is_pending_with_its_facts},
    {"AnUnknownImageIsNotFound", an_unknown_image_is_not_found},
    {"AVerdictMakesItReadyWithFactsAndHistory", a_verdict_makes_it_ready_with_facts_and_history},
    {"AVerdictBringsPlaceholdersAndProducts", a_verdict_brings_placeholders_and_products},
    {"ProductsAreAddedToTheVersionTheyWereMadeOf",
     products_are_added_to_the_version_they_were_made_of},
    {"AnEventHasItsEffectOnce", an_event_has_its_effect_once},
    {"OfManyAtOnceOneTakesEffect", of_many_at_once_one_takes_effect},
    {"AnOlderEventIsStale", an_older_event_is_stale},
    {"ShuffledAndDoubledEventsEndTheSame", shuffled_and_doubled_events_end_the_same},
    {"VariantsAreKeptInAnyStateButDeleted", variants_are_kept_by_name_in_any_state_but_deleted},
    {"AStateThatDoesNotAllowItIsLeftAlone", a_state_that_does_not_allow_it_is_left_alone},
    {"ANewerVersionReplacesTheOneThatIsShown", a_newer_version_replaces_the_one_that_is_shown},
    {"ANewerVersionThatIsRefusedWithdrawsTheOneThatIsShown",
     a_newer_version_that_is_refused_withdraws_the_one_that_is_shown},
    {"AFailedImageBecomesReadyByTheSameEvent", a_failed_image_becomes_ready_by_the_same_event},
    {"AnExpiredImageStillBecomesReady", an_expired_image_still_becomes_ready},
    {"ADeletedImageIsGoneForGood", a_deleted_image_is_gone_for_good},
};
inline constexpr Case kDurableCases[]{
    {"ImagesSurviveARestart", images_survive_a_restart},
};

}  // namespace pixgate::tests::catalog
