package dev.amikeeper;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.policy.Policy;

import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What cloud and catalogue hold, as text without anything that may differ between two plays of the
 * same story: ids that EC2 makes up, when something was written, how often.
 */
final class EndState {
    private static final Pattern AMI = Pattern.compile("ami-[0-9a-f]{17}");
    private static final Pattern SNAPSHOT = Pattern.compile("snap-[0-9a-f]+");

    /** Told if a sweep takes a slot: whether it is that or a tick is chance. */
    private static final String CHANCE = "the ticks came late";

    private static final Pattern OTHERS =
            Pattern.compile(
                    "\n +The same for (?:\\d+ more: )?([^\n]+?)(?:\\. \\d+ of [^\n]*)?(?=\n|$)");
    private static final Pattern TIMES = Pattern.compile("\n +(At|Since|From) [^\n]*");

    private final TestDeployment given;
    private final Catalog catalog;
    private final List<String> regions;
    private final Map<String, String> names = new HashMap<>();
    private final List<String> lines = new ArrayList<>();

    private EndState(TestDeployment given) {
        this.given = given;
        this.catalog = given.catalog();
        this.regions =
                Stream.concat(
                                catalog.bookmarks().regions().stream(),
                                given.deployment.application().policies().regions().stream())
                        .map(Region::name)
                        .distinct()
                        .sorted()
                        .toList();
    }

    static List<String> of(TestDeployment given) {
        return new EndState(given).read();
    }

    /** What only one of two end states has. */
    static String difference(List<String> expected, List<String> found) {
        List<String> missing = new ArrayList<>(expected);
        missing.removeAll(found);
        List<String> surplus = new ArrayList<>(found);
        surplus.removeAll(expected);
        return "\n  missing: "
                + String.join("\n           ", missing)
                + "\n  surplus: "
                + String.join("\n           ", surplus);
    }

    private List<String> read() {
        regions.forEach(region ->
                given.images(region)
                        .forEach(ami ->
                                names.put(
                                        ami.image().imageId(),
                                        "AMI:" + region + ":" + ami.image().name())));
        policies()
                .forEach(policy ->
                        regions.forEach(region ->
                                catalog.removed(policy, new Region(region))
                                        .forEach(grave ->
                                                grave.id()
                                                        .ifPresent(id ->
                                                                names.put(
                                                                        id.value(),
                                                                        "removed AMI:"
                                                                                + region
                                                                                + ":"
                                                                                + grave.name())))));
        regions.forEach(this::amis);
        regions.forEach(this::snapshots);
        regions.forEach(region ->
                given.cloud
                        .instances(region)
                        .forEach(instance ->
                                add(
                                        "instance",
                                        instance.instance().instanceId(),
                                        tags(instance.instance().tags()))));
        policies().forEach(this::records);
        regions.forEach(this::work);
        catalog.notices().forEach(notice -> add("notice", text(notice)));
        catalog.unannounced().forEach(notice -> add("untold", text(notice)));
        told().forEach(text -> add("told", text));
        add("room taken", regions.stream().map(this::taken).toList());
        return lines.stream()
                .filter(line -> !line.contains(CHANCE))
                .map(this::named)
                .distinct()
                .sorted()
                .toList();
    }

    private List<String> policies() {
        return given.deployment.application().policies().all().stream().map(Policy::name).toList();
    }

    private void amis(String region) {
        for (LocalImage ami : given.images(region)) {
            add(
                    "AMI",
                    region,
                    ami.image().name(),
                    ami.image().stateAsString(),
                    tags(ami.image().tags()),
                    ami.image().blockDeviceMappings().size(),
                    ami.launchPermissions().stream()
                            .map(LaunchPermission::userId)
                            .sorted()
                            .toList(),
                    ami.image().deprecationTime(),
                    ami.image().deregistrationProtection());
        }
    }

    private void snapshots(String region) {
        Map<String, Integer> count = new TreeMap<>();
        for (LocalSnapshot snapshot : given.cloud.snapshots(region)) {
            String of =
                    given.images(region).stream()
                            .filter(ami ->
                                    ami.image().blockDeviceMappings().stream()
                                            .anyMatch(device ->
                                                    snapshot.snapshot()
                                                            .snapshotId()
                                                            .equals(device.ebs().snapshotId())))
                            .map(ami -> ami.image().name())
                            .findFirst()
                            .orElse("no image at all");
            count.merge(of + " " + tags(snapshot.snapshot().tags()), 1, Integer::sum);
        }
        count.forEach((of, n) -> add("snapshots", region, n, "of", of));
    }

    private void records(String policy) {
        for (String region : regions) {
            catalog.ofPolicy(policy, new Region(region)).forEach(image -> record("record", image));
            for (Tombstone grave : catalog.removed(policy, new Region(region))) {
                // Whoever comes first finishes a removal.
                String by = grave.by().replaceFirst("(Prune|Sweep)Function", "us");
                record("tombstone by " + by + ": " + grave.why(), grave.image());
            }
        }
        catalog.runs(policy).forEach(run -> add("run", run));
    }

    private void record(String kind, Image image) {
        add(
                kind,
                image.region(),
                image.name(),
                image.home(),
                image.provenance().trigger(),
                image.state(),
                "attempt " + image.attempt(),
                image.id(),
                "volumes " + image.volumes(),
                image.note(),
                image.snapshots(),
                image.leaving().permissions(),
                image.adopted() ? "adopted" : "",
                image.shared() ? "shared" : "",
                image.sharing().refused(),
                image.sharing().copiers(),
                image.disabled() ? "disabled by others" : "",
                image.condition()
                        .guardedUntil()
                        .map(end -> end.equals(Image.IN_FORCE) ? "guarded" : "freed"),
                image.proven(),
                image.stored()
                        .map(it ->
                                "%s as %s, try %d: %s"
                                        .formatted(
                                                it.state(), it.object(), it.attempt(), it.note())));
    }

    private void work(String region) {
        for (Work kind : Work.values()) {
            catalog.work(new Region(region), kind, Instant.MAX, Integer.MAX_VALUE)
                    .forEach(image -> add("work", kind, region, image.name()));
        }
    }

    private int taken(String region) {
        return catalog.copiesInFlight(new Region(region));
    }

    /** Which notices people were told of: a message may come twice, or be of one or several. */
    private Stream<String> told() {
        return given.deployment.sns().published().stream()
                .flatMap(sent -> Arrays.stream(sent.message().message().split("\n\n")))
                .map(text -> TIMES.matcher(text).replaceAll(""))
                .flatMap(this::told);
    }

    private Stream<String> told(String text) {
        String what = text.replaceFirst("^resolved: ", "");
        List<String> keys =
                catalog.notices().stream()
                        .filter(notice -> what.startsWith(notice.text()))
                        .map(Notice::key)
                        .toList();
        if (keys.isEmpty() || text.contains(CHANCE)) {
            return Stream.of(text);
        }
        Stream<String> others =
                OTHERS.matcher(text)
                        .results()
                        .flatMap(match -> Arrays.stream(match.group(1).split(", ")))
                        .map(name -> family(keys.getFirst()) + name);
        return Stream.concat(keys.stream(), others)
                .map(key -> what.equals(text) ? key : "end of " + key);
    }

    /** What the keys of notices that are told of together begin with. */
    private static String family(String key) {
        return String.join("/", Arrays.asList(key.split("/", 3)).subList(0, 2)) + "/";
    }

    private static String text(Notice notice) {
        return notice.key() + " " + notice.text() + " / " + notice.remedy();
    }

    private static Map<String, String> tags(Collection<Tag> tags) {
        Map<String, String> sorted = new TreeMap<>();
        // An order's hold says when it was given, which is later when it is given again.
        tags.forEach(tag ->
                sorted.put(
                        tag.key(),
                        tag.key().equals(ImageTags.HOLD)
                                ? tag.value().replaceFirst(" \\d{4}-\\S+Z", "")
                                : tag.value()));
        return sorted;
    }

    private void add(Object... fields) {
        lines.add(String.join(" ", Arrays.stream(fields).map(String::valueOf).toList()));
    }

    private String named(String line) {
        String known =
                AMI.matcher(line)
                        .replaceAll((MatchResult id) ->
                                names.getOrDefault(id.group(), "AMI that is gone"));
        return SNAPSHOT.matcher(known).replaceAll("snapshot");
    }
}
