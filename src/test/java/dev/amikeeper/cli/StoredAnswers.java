package dev.amikeeper.cli;

import static dev.amikeeper.retention.PruneReport.PruneCount.AWAITING;
import static dev.amikeeper.retention.PruneReport.PruneCount.CALLED_OFF;
import static dev.amikeeper.retention.PruneReport.PruneCount.DEPRECATED;
import static dev.amikeeper.retention.PruneReport.PruneCount.DISABLED;
import static dev.amikeeper.retention.PruneReport.PruneCount.KEPT;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;
import static dev.amikeeper.retention.PruneReport.PruneCount.UNREADABLE;
import static dev.amikeeper.retention.PruneReport.PruneCount.WAITING;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Stored;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.RestoreRequest;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.PolicyPlan;
import dev.amikeeper.retention.PrunePlan;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.retention.Reason;
import dev.amikeeper.retention.Verdict;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a deployment answers of what its table holds: every record, field by field, and what {@code
 * why}, {@code plan}, a dry run of pruning and the plan of a restore make of it. No prose of a
 * program, for later versions may find better words; what is stored is said as it is stored.
 */
final class StoredAnswers {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Application app;
    private final Catalog catalog;
    private final Instant now;
    private final Set<Region> regions;
    private final Set<String> policies;

    /**
     * The answers about these policies, those included that the file does not name any more.
     *
     * @param dryRun of pruning
     */
    static ObjectNode of(Application app, Collection<String> policies, PruneReport dryRun) {
        StoredAnswers answers = new StoredAnswers(app, policies);
        ObjectNode all = JSON.createObjectNode();
        all.set("images", answers.images());
        all.set("work", answers.work());
        all.set("removed", answers.removed());
        all.set("schedules", answers.schedules());
        all.set("restores", answers.restores());
        all.set("notices", answers.notices());
        all.set("sweep", answers.sweep());
        all.set("why", answers.why());
        all.set("plan", answers.plan());
        all.set("prune", prune(dryRun));
        all.set("restore", answers.restorePlans());
        return all;
    }

    private StoredAnswers(Application app, Collection<String> policies) {
        this.app = app;
        this.catalog = app.catalog();
        this.now = app.clock().instant();
        this.regions = new TreeSet<>(catalog.bookmarks().regions());
        this.policies = new TreeSet<>(policies);
    }

    private ObjectNode images() {
        ObjectNode all = JSON.createObjectNode();
        for (String policy : policies) {
            for (Region region : regions) {
                for (Image image : catalog.ofPolicy(policy, region)) {
                    ObjectNode record = record(image);
                    record.put(
                            "foundById",
                            image.id()
                                    .flatMap(id -> catalog.find(region, id))
                                    .filter(image::equals)
                                    .isPresent());
                    record.put(
                            "foundByInstance",
                            catalog.ofInstance(image.name().instance()).contains(image));
                    all.set(key(image), record);
                }
            }
        }
        return all;
    }

    private static String key(Image image) {
        return image.region() + " " + image.name();
    }

    private static ObjectNode record(Image image) {
        ObjectNode record = JSON.createObjectNode();
        put(record, "home", image.home());
        record.put("trigger", image.provenance().trigger().name());
        record.put("state", image.state().name());
        record.put("attempt", image.attempt());
        put(record, "id", image.id());
        record.put("volumes", image.volumes());
        record.put("since", image.since().toString());
        record.put("due", image.due().toString());
        record.put("note", image.note());
        record.set("snapshots", texts(image.snapshots()));
        record.set("permissions", texts(image.leaving().permissions()));
        record.put("adopted", image.adopted());
        record.put("shared", image.shared());
        record.put("disabled", image.disabled());
        put(record, "guardedUntil", image.condition().guardedUntil());
        put(record, "proven", image.proven());
        image.capsule().ifPresent(capsule -> record.set("capsule", capsule(capsule)));
        image.stored().ifPresent(stored -> record.set("stored", stored(stored)));
        record.put("version", image.version());
        record.put("good", image.isGood());
        return record;
    }

    private static ObjectNode capsule(Capsule capsule) {
        ObjectNode fields = JSON.createObjectNode();
        CapsuleFields.write(capsule).forEach(fields::put);
        return fields;
    }

    private static ObjectNode stored(Stored stored) {
        ObjectNode fields = JSON.createObjectNode();
        fields.put("object", stored.object().toString());
        fields.put("state", stored.state().name());
        fields.put("attempt", stored.attempt());
        fields.put("since", stored.since().toString());
        fields.put("due", stored.due().toString());
        put(fields, "failedTask", stored.failedTask());
        fields.put("note", stored.note());
        return fields;
    }

    private ObjectNode work() {
        ObjectNode all = JSON.createObjectNode();
        for (Region region : regions) {
            for (Work kind : Work.values()) {
                List<Image> waiting = catalog.work(region, kind, Instant.MAX, Integer.MAX_VALUE);
                if (!waiting.isEmpty()) {
                    all.set(region + " " + kind, texts(waiting.stream().map(Image::name).toList()));
                }
            }
            // That version counted them by their snapshots.
            all.put(
                    region + " copies in flight",
                    catalog
                            .work(region, Work.COPY_UNDER_WAY, Instant.MAX, Integer.MAX_VALUE)
                            .stream()
                            .mapToInt(copy -> Math.max(1, copy.volumes()))
                            .sum());
        }
        return all;
    }

    private ObjectNode removed() {
        ObjectNode all = JSON.createObjectNode();
        for (String policy : policies) {
            for (Region region : regions) {
                for (var tombstone : catalog.removed(policy, region)) {
                    ObjectNode it = record(tombstone.image());
                    it.put("removedAt", tombstone.removedAt().toString());
                    it.put("by", tombstone.by());
                    it.put("why", tombstone.why());
                    all.set(key(tombstone.image()), it);
                }
            }
        }
        return all;
    }

    private ObjectNode schedules() {
        ObjectNode all = JSON.createObjectNode();
        all.set("regions", texts(regions));
        ObjectNode cursors = all.putObject("cursors");
        catalog.bookmarks()
                .cursors()
                .forEach(cursor ->
                        cursors.put(
                                cursor.policy() + " " + cursor.region(), cursor.time().toString()));
        for (String policy : policies) {
            ArrayNode runs = all.withObjectProperty("runs").putArray(policy);
            catalog.runs(policy).forEach(run -> runs.add(text(run)));
            ArrayNode marks = all.withObjectProperty("marks").putArray(policy);
            catalog.marks(policy)
                    .forEach(mark ->
                            marks.add(
                                    "%s: %d selected, %d listed"
                                            .formatted(
                                                    mark.region(),
                                                    mark.selected(),
                                                    mark.listed())));
        }
        return all;
    }

    private static String text(Run run) {
        return switch (run) {
            case Run.Taken(_, var region, var slot, var instances) ->
                    "%s %s: %d instances".formatted(region, slot, instances);
            case Run.Missed(_, var region, var count, var first, var last) ->
                    "%s: %d missed, %s to %s".formatted(region, count, first, last);
        };
    }

    private ObjectNode restores() {
        ObjectNode all = JSON.createObjectNode();
        for (String policy : policies) {
            catalog.restores(policy).forEach(restore -> all.set(restore.id(), record(restore)));
        }
        all.set("under way", texts(catalog.restoring().stream().map(Restore::id).toList()));
        return all;
    }

    private static ObjectNode record(Restore restore) {
        ObjectNode record = JSON.createObjectNode();
        record.put("kind", restore.kind().name());
        record.put("region", restore.region().name());
        record.put("of", restore.of().toString());
        record.put("image", restore.image().value());
        record.set("as", capsule(restore.as()));
        record.put("attempt", restore.attempt());
        record.put("state", restore.state().name());
        put(record, "instance", restore.instance());
        put(record, "command", restore.command());
        record.put("asked", restore.asked().toString());
        record.put("since", restore.since().toString());
        record.put("until", restore.until().toString());
        put(record, "launched", restore.launched());
        put(record, "ended", restore.ended());
        record.put("reached", restore.reached().name());
        record.put("note", restore.note());
        record.put("version", restore.version());
        return record;
    }

    private ObjectNode notices() {
        ObjectNode all = JSON.createObjectNode();
        catalog.notices()
                .forEach(notice -> {
                    ObjectNode it = all.putObject(notice.key());
                    it.put("kind", notice.kind().name());
                    it.put("at", notice.at().toString());
                    it.put("text", notice.text());
                    it.put("tried", notice.tried());
                    it.put("remedy", notice.remedy());
                    it.put("announced", notice.announced());
                    put(it, "resolved", notice.resolved());
                });
        all.set("open", texts(catalog.open().stream().map(Notice::key).toList()));
        all.set("unannounced", texts(catalog.unannounced().stream().map(Notice::key).toList()));
        return all;
    }

    private ObjectNode sweep() {
        ObjectNode all = JSON.createObjectNode();
        var state = catalog.lastSweep();
        state.stopped().ifPresent(unit -> all.put("stopped", unit.region() + " " + unit.policy()));
        ArrayNode requests = all.putArray("requests");
        state.requests()
                .forEach(seen ->
                        requests.add(
                                "%s %s %s %s"
                                        .formatted(
                                                seen.region(),
                                                seen.instance(),
                                                seen.value(),
                                                seen.since())));
        return all;
    }

    private ObjectNode why() {
        ObjectNode all = JSON.createObjectNode();
        for (InstanceId instance : instances()) {
            ObjectNode it = all.putObject(instance.value());
            Explanation answer = Explanation.of(app, instance.value());
            ObjectNode selected = it.putObject("selected");
            answer.policies().forEach(each -> selected.put(each.policy(), each.selects()));
            ObjectNode images = it.putObject("images");
            for (Explanation.Explained each : answer.images()) {
                ObjectNode line = line(each.plan());
                line.put("state", each.state());
                line.put("image", each.plan().image());
                line.put("home", each.home());
                line.put("proven", each.proven());
                line.put("isStored", !each.stored().isEmpty());
                line.put("isForecast", !each.forecast().isEmpty());
                images.set(key(each.plan()), line);
            }
            ObjectNode gone = it.putObject("gone");
            answer.gone()
                    .forEach(each ->
                            gone.putObject(each.region() + " " + each.slot())
                                    .put("image", each.image())
                                    .put("removedAt", each.removedAt())
                                    .put("by", each.by())
                                    .put("why", each.why())
                                    .put("isStored", !each.stored().isEmpty()));
        }
        return all;
    }

    private Set<InstanceId> instances() {
        Set<InstanceId> all = new TreeSet<>(Comparator.comparing(InstanceId::value));
        for (String policy : policies) {
            for (Region region : regions) {
                catalog.ofPolicy(policy, region).forEach(image -> all.add(image.name().instance()));
            }
        }
        return all;
    }

    private static String key(PruneReport.PruneLine line) {
        return "%s %s/%s/%s".formatted(line.region(), line.policy(), line.instance(), line.slot());
    }

    private static ObjectNode line(PruneReport.PruneLine line) {
        return JSON.createObjectNode()
                .put("verdict", line.verdict())
                .put("next", line.next())
                .put("at", line.at());
    }

    /** With what speaks for staying, by the kinds of the reasons. */
    private ObjectNode plan() {
        Planner planner = app.planner(new Planner.PlannerRun(now, false, _ -> {})).read();
        ObjectNode all = JSON.createObjectNode();
        planner.policies().stream()
                .map(planner::plan)
                .forEach(plan -> all.set(plan.policy(), plan(plan)));
        return all;
    }

    private static ObjectNode plan(PolicyPlan plan) {
        ObjectNode all = JSON.createObjectNode();
        all.put("alarms", plan.alarms().size());
        plan.plans().stream()
                .map(PrunePlan::verdicts)
                .flatMap(List::stream)
                .forEach(verdict ->
                        all.set(
                                key(verdict.image()),
                                texts(
                                        reasons(verdict).stream()
                                                .map(reason -> reason.kind().name())
                                                .distinct()
                                                .sorted()
                                                .toList())));
        return all;
    }

    private static List<Reason> reasons(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Kept(_, var reasons) -> reasons;
            case Verdict.CallOff(_, var reasons) -> reasons;
            case Verdict.RemovalStep _, Verdict.Await _, Verdict.WaitUntil _, Verdict.Finish _ ->
                    List.of();
        };
    }

    private static ObjectNode prune(PruneReport report) {
        ObjectNode all = JSON.createObjectNode();
        ObjectNode counts = all.putObject("counts");
        counts.put("kept", report.count(KEPT));
        counts.put("waiting", report.count(WAITING));
        counts.put("awaiting", report.count(AWAITING));
        counts.put("deprecated", report.count(DEPRECATED));
        counts.put("disabled", report.count(DISABLED));
        counts.put("removed", report.count(REMOVED));
        counts.put("calledOff", report.count(CALLED_OFF));
        counts.put("unreadable", report.count(UNREADABLE));
        ObjectNode plan = all.putObject("plan");
        report.plan().forEach(line -> plan.set(key(line), line(line)));
        return all;
    }

    private ObjectNode restorePlans() {
        ObjectNode all = JSON.createObjectNode();
        for (InstanceId instance : instances()) {
            for (Optional<Region> region : List.of(Optional.<Region>empty(), elsewhere())) {
                for (Optional<Instant> at :
                        List.of(Optional.<Instant>empty(), Optional.of(threeDaysAgo()))) {
                    all.set(
                            "%s%s%s"
                                    .formatted(
                                            instance,
                                            region.map(it -> " in " + it).orElse(""),
                                            at.map(it -> " at " + it).orElse("")),
                            restorePlan(
                                    new RestoreRequest(
                                            instance,
                                            region,
                                            at,
                                            Optional.empty(),
                                            Optional.empty(),
                                            Restore.RestoreKind.LAUNCH,
                                            RestoreOptions.NONE)));
                }
            }
        }
        return all;
    }

    private Optional<Region> elsewhere() {
        return regions.stream().filter(region -> !region.equals(app.settings().home())).findFirst();
    }

    private Instant threeDaysAgo() {
        return now.minus(Duration.ofDays(3));
    }

    private ObjectNode restorePlan(RestoreRequest request) {
        RestorePlanner planning = app.restorePlanner();
        ObjectNode it = JSON.createObjectNode();
        switch (planning.choose(request, now)) {
            case RestorePlanner.Choice.None _ -> it.put("isPossible", false);
            case RestorePlanner.Choice.Chosen(var image) -> {
                it.put("isPossible", true);
                it.put("image", image.id().map(ImageId::value).orElse(""));
                it.put("of", key(image));
                var plan = planning.plan(image, request.kind(), request.wish());
                it.set("as", capsule(plan.as()));
                ObjectNode missing = it.putObject("missing");
                plan.missing().forEach(each -> missing.put(each.part(), each.original()));
            }
        }
        return it;
    }

    private static ArrayNode texts(Collection<?> values) {
        ArrayNode texts = JSON.createArrayNode();
        values.forEach(value -> texts.add(value.toString()));
        return texts;
    }

    private static void put(ObjectNode object, String name, Optional<?> value) {
        value.ifPresent(it -> object.put(name, it.toString()));
    }
}
