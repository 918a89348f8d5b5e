package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Forecast;
import dev.amikeeper.retention.PlanText;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.PrunePlan;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.retention.Verdict;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code keeper why} knows about an image, or about all images of an instance; the fields are
 * those of its JSON. If EC2 does not show the instance, it says nothing about policies.
 */
record Explanation(List<Selected> policies, List<Explained> images, List<GoneImage> gone) {
    /** How far to look for a slot; a schedule for February 29 has one within eight years. */
    private static final Duration LOOK_AHEAD = Duration.ofDays(9 * 366);

    Explanation {
        policies = List.copyOf(policies);
        images = List.copyOf(images);
        gone = List.copyOf(gone);
    }

    /** One image, with its record and its plan. */
    record Explained(
            String state,
            String since,
            String home,
            String note,
            String proven,
            String stored,
            PruneReport.PruneLine plan,
            List<String> evidence,
            String forecast) {
        Explained {
            evidence = List.copyOf(evidence);
        }
    }

    /** An image that is gone. */
    record GoneImage(
            String region,
            String slot,
            String image,
            String removedAt,
            String by,
            String why,
            String stored) {}

    /** Whether a policy currently selects an instance. */
    record Selected(String policy, boolean selects, String text) {}

    /** Reads and explains, and changes nothing. */
    static Explanation of(Application app, String id) {
        Planner planner =
                app.planner(new Planner.PlannerRun(app.clock().instant(), false, _ -> {})).read();
        List<Explained> images = new ArrayList<>();
        List<GoneImage> gone = new ArrayList<>();
        Set<Region> regions = app.catalog().regionsWith(app.policies().regions());
        for (var policy : planner.policies()) {
            for (var plan : planner.plan(policy).plans()) {
                List<PruneReport.PruneLine> lines = PlanText.lines(plan).toList();
                for (int i = 0; i < lines.size(); i++) {
                    Image image = plan.verdicts().get(i).image();
                    if (isAbout(image, id)) {
                        images.add(
                                explained(
                                        image,
                                        lines.get(i),
                                        PlanText.evidence(plan.evidence(), image),
                                        forecast(policy, plan, image, app.clock().instant())));
                    }
                }
            }
        }
        for (String policy : app.catalog().policiesWith(app.policies().allNames())) {
            for (Region region : regions) {
                app.catalog().removed(policy, region).stream()
                        .filter(tombstone -> isAbout(tombstone.image(), id))
                        .map(tombstone ->
                                new GoneImage(
                                        region.name(),
                                        tombstone.name().toString(),
                                        tombstone.id().map(ImageId::value).orElse(""),
                                        tombstone.removedAt().toString(),
                                        tombstone.by(),
                                        tombstone.why(),
                                        stored(tombstone.image())))
                        .forEach(gone::add);
            }
        }
        return new Explanation(id.startsWith("i-") ? selected(app, id) : List.of(), images, gone);
    }

    private static List<Selected> selected(Application app, String id) {
        return app.policies().all().stream()
                .flatMap(policy -> policy.select().regions().stream())
                .distinct()
                .flatMap(region ->
                        app.instances().find(region, List.of(new InstanceId(id))).stream())
                .flatMap(instance ->
                        app.policies().all().stream()
                                .map(policy -> selected(policy, instance, app.clock().instant())))
                .toList();
    }

    private static Selected selected(Policy policy, Instance instance, Instant now) {
        return policy.select()
                .whyNot(instance)
                .map(why -> new Selected(policy.name(), false, "does not image it: " + why))
                .orElseGet(() ->
                        new Selected(
                                policy.name(),
                                true,
                                next(policy, now)
                                        .map(slot -> "images it next for slot " + slot)
                                        .orElse("images it on request")));
    }

    private static Optional<Slot> next(Policy policy, Instant now) {
        return policy.schedule()
                .flatMap(schedule -> schedule.slots(now, now.plus(LOOK_AHEAD)).findFirst());
    }

    private static boolean isAbout(Image image, String id) {
        return id.startsWith("i-")
                ? image.name().instance().equals(new InstanceId(id))
                : image.id().map(ImageId::value).filter(id::equals).isPresent();
    }

    /** Says when the rules no longer keep it, if the schedule does not change. */
    private static String forecast(Policy policy, PrunePlan plan, Image image, Instant now) {
        Optional<Keep> keep = policy.keepFor(image);
        boolean isJudged = image.isGood() && keep.isPresent() && policy.schedule().isPresent();
        if (!isJudged) {
            return "";
        }
        boolean isImaged =
                plan.evidence()
                        .imaged()
                        .map(all -> all.contains(image.name().instance()))
                        .orElse(true);
        if (!isImaged) {
            return "its instance is no longer imaged: what a rule keeps now, it keeps forever"
                    + keep.get()
                            .goneAfter()
                            .map(after ->
                                    ", or until "
                                            + after.toDays()
                                            + " days after the instance is gone")
                            .orElse("");
        }
        List<Image> good =
                plan.verdicts().stream()
                        .map(Verdict::image)
                        .filter(other -> other.name().instance().equals(image.name().instance()))
                        .filter(Image::isGood)
                        .toList();
        return Forecast.dropped(keep.get(), policy.schedule().orElseThrow(), good, image, now)
                .map(slot ->
                        "no rule keeps it from the image of "
                                + slot
                                + " on, if the schedule"
                                + " goes on as it is")
                .orElse("a rule keeps it for years, if the schedule goes on as it is");
    }

    private static String stored(Image image) {
        return image.stored()
                .map(stored ->
                        switch (stored.state()) {
                            case WAITING ->
                                    "waits to be stored as %s, try %d at %s"
                                            .formatted(
                                                    stored.object(),
                                                    stored.attempt(),
                                                    stored.due());
                            case STORING ->
                                    "being stored as %s since %s"
                                            .formatted(stored.object(), stored.since());
                            case STORED ->
                                    "stored as %s on %s".formatted(stored.object(), stored.since());
                            case FETCHING ->
                                    "being created again from %s since %s"
                                            .formatted(stored.object(), stored.since());
                            case GIVEN_UP ->
                                    "not stored as %s, given up on %s: %s"
                                            .formatted(
                                                    stored.object(), stored.since(), stored.note());
                        })
                .orElse("");
    }

    private static Explained explained(
            Image image, PruneReport.PruneLine line, List<String> evidence, String forecast) {
        return new Explained(
                image.state().toString().toLowerCase(Locale.ROOT),
                image.since().toString(),
                image.home().map(Object::toString).orElse(""),
                image.note(),
                image.proven().map(Object::toString).orElse(""),
                stored(image),
                line,
                evidence,
                forecast);
    }

    boolean saysNothing() {
        return policies.isEmpty() && images.isEmpty() && gone.isEmpty();
    }
}
