package dev.amikeeper.simulation;

import dev.amikeeper.alerts.Bundle;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.local.SimulatedSns;
import dev.amikeeper.simulation.Simulation.Asked;
import dev.amikeeper.simulation.Simulation.Change;
import dev.amikeeper.simulation.Simulation.Server;
import dev.amikeeper.simulation.Simulation.Version;
import dev.amikeeper.simulation.Witness.Made;

import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.Volume;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;
import software.amazon.awssdk.services.ssm.model.CommandInvocationStatus;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The invariants of the design, judged at the end of a play from the cloud's own state and from the
 * history. The catalogue is asked for nothing but what it owes: failures, tombstones,
 * announcements. That nothing needed is deleted is judged by {@link Witness}, at the moment of each
 * deletion.
 */
final class Invariants {
    private static final String ONE = "1 one slot, one image";
    private static final String FORGOTTEN = "2 nothing forgotten";
    private static final String COPIES = "3 every copy arrives";
    private static final String LITTER = "5 no litter";
    private static final String TAGS = "6 the tags are the backup";
    private static final String LEASES = "9 no drill outlives its lease";
    private static final String SERVERS = "12 no server is ended";
    private static final String LET_GO = "13 every server is let go";
    private static final String RESTORES = "11 every restore ends";
    private static final String TOLD = "announced once";
    private static final String AGREES = "the catalogue agrees";

    /** What changes so shortly before a slot may or may not count for it. */
    private static final Duration UNSURE = Duration.ofMinutes(10);

    /** So long something may still be under way in the end. */
    private static final Duration YOUNG = Duration.ofHours(12);

    /** So much later than its time allows a restore may still end. */
    private static final Duration LATE = Duration.ofHours(1);

    /** So long a server may be held in the end: two idle hours are skipped, then it is let go. */
    private static final Duration HELD = Duration.ofHours(3);

    private static final Set<Work> UNFINISHED = EnumSet.complementOf(EnumSet.of(Work.GIVEN_UP));

    /** Two ticks: what is due since then may not be told yet. */
    private static final Duration TICKS = Duration.ofMinutes(10);

    private static final String OVER = "resolved: ";

    /** So much of a long text is told. */
    private static final int SHOWN = 750;

    private final Simulation play;
    private final Instant end;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<String, Image> records = new HashMap<>();
    private final Map<String, Tombstone> tombstones = new HashMap<>();
    private final Map<String, List<Made>> made = new TreeMap<>();
    private final Map<String, LocalImage> inEc2 = new TreeMap<>();
    private final Map<NoticeKey, Notice> notices = new HashMap<>();
    private final Map<String, Integer> told = new HashMap<>();
    private final Set<String> texts = new HashSet<>();
    private final Set<String> ends = new HashSet<>();

    Invariants(Simulation play) {
        this.play = play;
        end = play.cloud().now();
        for (String region : HistoryGenerator.REGIONS) {
            for (Image image : play.records(new Region(region))) {
                records.put(key(region, image.name().toString()), image);
            }
            for (String policy : play.policyNames()) {
                for (Tombstone tombstone : play.catalog().removed(policy, new Region(region))) {
                    tombstones.put(key(region, tombstone.name().toString()), tombstone);
                }
            }
            play.cloud().images(region).forEach(it -> inEc2.put(it.image().imageId(), it));
        }
        for (Made one : play.witness().made()) {
            made.computeIfAbsent(key(one.region(), one.name()), _ -> new ArrayList<>()).add(one);
        }
        play.catalog().notices().forEach(notice -> notices.put(notice.about(), notice));
        // Messages hold paragraphs: what it is, since when, what to do.
        for (SimulatedSns.Published message : play.deployment().sns().published()) {
            for (String paragraph : message.message().message().split("\n\n", -1)) {
                List<String> lines = paragraph.lines().toList();
                if (lines.size() > 1) {
                    told.merge(lines.get(0) + lines.get(1), 1, Integer::sum);
                    (lines.getFirst().startsWith(OVER) ? ends : texts)
                            .add(lines.getFirst().replaceFirst("^" + OVER, ""));
                }
            }
        }
    }

    List<Violation> violations() {
        oneSlotOneImage();
        everySlotEnded();
        everyRequestEnded();
        everyCopyArrived();
        nothingIsLeftBehind();
        whatIsBuriedIsGone();
        tagsSuffice();
        theCatalogueAgrees();
        everyRestoreEnded();
        noDrillIsLeft();
        noServerIsEnded();
        everyServerIsLetGo();
        everythingIsToldOnce();
        return violations;
    }

    private void violated(String invariant, String what) {
        violations.add(new Violation(invariant, what));
    }

    private static String key(String region, String name) {
        return region + " " + name;
    }

    /** Over time, too: no image takes the place of another one that was good. */
    private void oneSlotOneImage() {
        made.forEach((key, all) -> {
            List<String> good =
                    all.stream()
                            .map(Made::id)
                            .filter(id -> !play.witness().hasFailed(id))
                            .filter(id -> !play.witness().wentBeforeItWasKnown(id))
                            .toList();
            if (good.size() > 1) {
                violated(ONE, key + " was made more than once: " + good);
            }
        });
    }

    private boolean wasAvailable(String region, String name) {
        return made.getOrDefault(key(region, name), List.of()).stream()
                .anyMatch(it -> play.witness().wasAvailable(it.id()));
    }

    /** Whether it is recorded that there will be none, and people know. */
    private boolean failureIsTold(String region, String name) {
        boolean failed =
                Optional.ofNullable(records.get(key(region, name)))
                        .filter(it -> it.state() == ImageState.FAILED)
                        .isPresent();
        return failed && (isTold(Trouble.FAILED.of(region, name)) || isCauseTold(region));
    }

    /** Why copies fail is told once for their Region. */
    private boolean isCauseTold(String region) {
        return notices.values().stream()
                .filter(notice -> notice.about().is(Trouble.COPIES, new Region(region)))
                .anyMatch(this::isTold);
    }

    private boolean isTold(NoticeKey key) {
        return Optional.ofNullable(notices.get(key)).filter(this::isTold).isPresent();
    }

    /**
     * Whether people know of it. A trouble that is back before they were told of its end is, to
     * them, the old one.
     */
    private boolean isTold(Notice notice) {
        return told.containsKey(beginning(notice))
                || told.keySet().stream().anyMatch(it -> it.startsWith(start(notice)))
                || texts.stream().anyMatch(it -> Bundle.says(notice, it));
    }

    /** The end of one is told with those of its kind. */
    private boolean isEndTold(Notice notice, String end) {
        return told.containsKey(end) || ends.stream().anyMatch(it -> Bundle.says(notice, it));
    }

    /** What it is about, as "us-east-1: there is no image gold/…: ": the reason may be another. */
    private static String start(Notice notice) {
        String text = notice.text();
        int reason = text.indexOf(": ", text.indexOf(": ") + 1);
        return reason < 0 ? text : text.substring(0, reason + 2);
    }

    private static String shown(Notice notice) {
        return notice.text().length() <= SHOWN
                ? notice.text()
                : notice.text().substring(0, SHOWN) + "…";
    }

    private static String beginning(Notice notice) {
        boolean lasts = notice.kind() == Notice.Kind.TROUBLE;
        return shown(notice) + "    " + (lasts ? "Since " : "At ") + notice.at();
    }

    private static String end(Notice notice, Instant end) {
        return OVER + shown(notice) + "    From " + notice.at() + " to " + end;
    }

    private void everySlotEnded() {
        List<Version> versions = play.versions();
        for (int i = 0; i < versions.size(); i++) {
            Instant from = versions.get(i).from();
            Instant until = i + 1 < versions.size() ? versions.get(i + 1).from() : end;
            for (PolicyModel rules : versions.get(i).rules()) {
                // The first tick sees the policy for the first time.
                Instant after = from.plus(UNSURE);
                for (Instant slot : rules.slots(after, until)) {
                    Optional<Instant> tick = play.goodTick(slot);
                    if (tick.isPresent()
                            && tick.get().isBefore(until)
                            && slot.plus(YOUNG).isBefore(end)) {
                        play.fleet().forEach(it -> slotEnded(rules, it, slot, tick.get()));
                    }
                }
            }
        }
    }

    private void slotEnded(PolicyModel rules, Server server, Instant slot, Instant tick) {
        if (!isSelected(rules, server, slot, tick)) {
            return;
        }
        String name =
                "%s/%s/%s".formatted(rules.name(), server.id(), slot.toString().replace(':', '.'));
        boolean ended =
                wasAvailable(server.region(), name)
                        || failureIsTold(server.region(), name)
                        || missIsTold(rules, server.region(), slot);
        if (!ended) {
            violated(FORGOTTEN, key(server.region(), name) + " " + record(server.region(), name));
        }
    }

    private String record(String region, String name) {
        String key = key(region, name);
        if (tombstones.containsKey(key)) {
            return "is buried, though it never was";
        }
        return Optional.ofNullable(records.get(key))
                .map(it -> "stands as " + it.state() + " " + it.note())
                .orElse("was never recorded");
    }

    /** Whether it was selected all the time between the two, without any doubt. */
    private static boolean isSelected(
            PolicyModel rules, Server server, Instant slot, Instant tick) {
        boolean stable =
                server.changes().stream()
                        .map(Change::at)
                        .noneMatch(at ->
                                at.isAfter(slot.minus(UNSURE)) && !at.isAfter(tick.plus(UNSURE)));
        Optional<Change> last =
                server.changes().stream().filter(it -> it.at().isBefore(slot)).reduce((a, b) -> b);
        return stable
                && rules.regions().contains(server.region())
                && last.filter(it -> it.backup().equals(rules.name()))
                        .filter(it -> !it.state().isEmpty())
                        .isPresent();
    }

    private boolean missIsTold(PolicyModel rules, String region, Instant slot) {
        return play.catalog().runs(rules.name()).stream()
                .flatMap(run -> run instanceof Run.Missed missed ? Stream.of(missed) : Stream.of())
                .filter(it -> it.region().name().equals(region))
                .filter(it -> !slot.isBefore(it.first().time()))
                .filter(it -> !slot.isAfter(it.last().time()))
                .anyMatch(it -> isTold(Trouble.MISSED.of(region, rules.name() + "/" + it.last())));
    }

    /** A request that could be fulfilled all the time since, under rules that did not change. */
    private void everyRequestEnded() {
        for (Asked asked : play.asked()) {
            Server server = asked.server();
            Version version =
                    play.versions().stream()
                            .filter(it -> !it.from().isAfter(asked.at()))
                            .reduce((a, b) -> b)
                            .orElseThrow();
            boolean unchanged = version.equals(play.versions().getLast());
            for (PolicyModel rules : version.rules()) {
                if (unchanged && isSelected(rules, server, asked.at(), end)) {
                    requestEnded(rules, asked);
                }
            }
        }
    }

    private void requestEnded(PolicyModel rules, Asked asked) {
        Server server = asked.server();
        boolean ended =
                Stream.concat(
                                records.values().stream(),
                                tombstones.values().stream().map(Tombstone::image))
                        .filter(it -> it.provenance().trigger() == Trigger.TAGGED && !it.isCopy())
                        .filter(it -> it.name().policy().equals(rules.name()))
                        .filter(it -> it.name().instance().value().equals(server.id()))
                        .filter(it -> it.name().slot().time().isAfter(asked.at().minus(UNSURE)))
                        .anyMatch(it ->
                                wasAvailable(server.region(), it.name().toString())
                                        || failureIsTold(server.region(), it.name().toString()));
        if (!ended) {
            violated(
                    FORGOTTEN,
                    "the request for %s of %s at %s"
                            .formatted(server.id(), rules.name(), asked.at()));
        }
    }

    /**
     * Whatever became of the image of a server that was made ready for it, and of the command: one
     * that runs is let go, or people know that it may not be. And whether there is an image of a
     * server that could not be made ready is as its policy says.
     */
    private void everyServerIsLetGo() {
        for (String region : HistoryGenerator.REGIONS) {
            play.catalog().freezes(new Region(region)).stream()
                    .filter(it -> it.sent().plus(HELD).isBefore(end))
                    .forEach(
                            it -> violated(LET_GO, key(region, it.name().toString()) + " is held"));
        }
        for (Server server : play.fleet()) {
            List<CommandInvocation> commands = play.commands(server);
            commands.stream()
                    .filter(it -> it.documentName().equals(PolicyModel.Freezing.BEFORE))
                    .filter(it -> it.requestedDateTime().plus(HELD).isBefore(end))
                    .filter(it -> runsSince(server, it.requestedDateTime()))
                    .filter(it -> rulesOf(it).stream().allMatch(PolicyModel.Freezing::thaws))
                    .filter(it -> !isLetGo(server, it, commands))
                    .forEach(it ->
                            violated(
                                    LET_GO,
                                    "%s after \"%s\"".formatted(server.id(), it.comment())));
        }
        for (Image image : records.values()) {
            boolean forWant =
                    image.state() == ImageState.FAILED
                            && !image.isCopy()
                            && image.note().contains("the command " + PolicyModel.Freezing.BEFORE);
            if (forWant && rulesOf(image.name().policy()).stream().noneMatch(it -> it.giveUp())) {
                violated(LET_GO, image.name() + " was given up, though its policy wants it");
            }
        }
    }

    private static boolean runsSince(Server server, Instant from) {
        return server.changes().stream()
                .filter(it -> it.at().isAfter(from.minus(UNSURE)))
                .allMatch(it -> it.state().equals("running"));
    }

    /** By its comment, {@code amikeeper before policy slot time}. */
    private List<PolicyModel.Freezing> rulesOf(CommandInvocation before) {
        return rulesOf(before.comment().split(" ", -1)[2]);
    }

    /** All that the versions of a policy ever said of the commands around images. */
    private List<PolicyModel.Freezing> rulesOf(String policy) {
        return play.versions().stream()
                .flatMap(version -> version.rules().stream())
                .filter(rules -> rules.name().equals(policy))
                .flatMap(rules -> rules.freeze().stream())
                .toList();
    }

    private boolean isLetGo(
            Server server, CommandInvocation before, List<CommandInvocation> commands) {
        String[] words = before.comment().split(" ", -1);
        String after = before.comment().replace(" before ", " after ") + ".";
        String name = "%s/%s/%s".formatted(words[2], server.id(), words[3].replace(':', '.'));
        return commands.stream()
                        .filter(it -> it.comment().startsWith(after))
                        .filter(it -> !it.requestedDateTime().isBefore(before.requestedDateTime()))
                        .anyMatch(it -> it.status() == CommandInvocationStatus.SUCCESS)
                || isTold(Trouble.UNTHAWED.of(server.region(), name));
    }

    private void everyCopyArrived() {
        for (Made home : play.witness().made()) {
            boolean due =
                    !home.copy()
                            && play.witness().wasAvailable(home.id())
                            && home.at().plus(YOUNG).isBefore(end)
                            && !play.witness().wentBeforeItWasKnown(home.id());
            if (due) {
                destinations(home).stream()
                        .filter(to -> !wasAvailable(to, home.name()))
                        .filter(to -> !failureIsTold(to, home.name()))
                        .forEach(to ->
                                violated(
                                        COPIES,
                                        key(to, home.name()) + " " + record(to, home.name())));
            }
        }
    }

    /** Where its policy replicates it to, by every version of the policy since it was made. */
    private List<String> destinations(Made home) {
        String policy = home.name().substring(0, home.name().indexOf('/'));
        List<Version> versions = play.versions();
        return HistoryGenerator.REGIONS.stream()
                .filter(region -> !region.equals(home.region()))
                .filter(region -> {
                    for (int i = 0; i < versions.size(); i++) {
                        boolean over =
                                i + 1 < versions.size()
                                        && !versions.get(i + 1).from().isAfter(home.at());
                        boolean replicates =
                                versions.get(i).rules().stream()
                                        .filter(it -> it.name().equals(policy))
                                        .anyMatch(it -> it.replicate().containsKey(region));
                        if (!over && !replicates) {
                            return false;
                        }
                    }
                    return true;
                })
                .toList();
    }

    /** What was asked for ended, or people know why not. */
    private void everyRestoreEnded() {
        List<Restore> all =
                play.policyNames().stream()
                        .flatMap(policy -> play.catalog().restores(policy).stream())
                        .toList();
        for (Simulation.Wanted wanted : play.wanted()) {
            boolean judged = wanted.at().isAfter(play.recordsLost());
            if (judged && !isMet(wanted, all)) {
                violated(
                        RESTORES,
                        "request %d for %s at %s came to nothing, and nobody was told"
                                .formatted(wanted.request(), wanted.server().id(), wanted.at()));
            }
        }
        for (Restore restore : all) {
            if (!restore.isOver()) {
                if (restore.until().plus(LATE).isBefore(end)) {
                    violated(
                            RESTORES,
                            "%s is %s since %s"
                                    .formatted(restore.id(), restore.state(), restore.since()));
                }
            } else if (restore.hasPassed()) {
                passed(restore);
            } else if (!isFailureTold(restore, all)) {
                violated(
                        RESTORES,
                        "%s failed, and nobody was told: %s"
                                .formatted(restore.id(), restore.note()));
            }
        }
        for (Restore restore : play.catalog().restoring()) {
            if (!all.contains(restore)) {
                violated(RESTORES, restore.id() + " is under way, by a record that is not its own");
            }
        }
    }

    /** The server of one that passed runs, and its checks are good, unless people stopped it. */
    private void passed(Restore restore) {
        if (restore.kind() != Restore.Kind.LAUNCH) {
            return;
        }
        String id = restore.instance().orElseThrow().value();
        boolean runs =
                play.cloud().instances(restore.region().name()).stream()
                        .filter(it -> it.instance().instanceId().equals(id))
                        .filter(it -> it.checks() == SummaryStatus.OK)
                        .anyMatch(it -> it.instance().state().name() == InstanceStateName.RUNNING);
        if (!runs) {
            violated(RESTORES, "%s passed, but %s does not run".formatted(restore.id(), id));
        }
    }

    /** Of the failed drills of a server a later one that passed is the end. */
    private boolean isFailureTold(Restore restore, List<Restore> all) {
        if (restore.kind() != Restore.Kind.DRILL) {
            return isTold(Trouble.RESTORE.in(restore.region(), restore.id()));
        }
        NoticeKey key =
                Trouble.DRILL.in(
                        restore.region(), restore.of().policy() + "/" + restore.of().instance());
        return isTold(key)
                || all.stream()
                        .filter(it -> it.kind() == Restore.Kind.DRILL && it.hasPassed())
                        .filter(it -> it.region().equals(restore.region()))
                        .filter(it -> it.of().policy().equals(restore.of().policy()))
                        .filter(it -> it.of().instance().equals(restore.of().instance()))
                        .anyMatch(it -> !it.since().isBefore(restore.since()));
    }

    private boolean isMet(Simulation.Wanted wanted, List<Restore> all) {
        String instance = wanted.server().id();
        String event = Sha256.of(wanted.event()).substring(0, 12);
        return play.isDeadLetter(wanted.event())
                || isTold(Trouble.RESTORE_REQUEST.of(instance, event))
                || all.stream()
                        .filter(it -> it.of().instance().value().equals(instance))
                        .anyMatch(it -> it.id().endsWith("/restore-" + event));
    }

    private void noDrillIsLeft() {
        for (Witness.Launched one : play.witness().launched()) {
            boolean over = one.lease().filter(it -> it.plus(LATE).isBefore(end)).isPresent();
            if (over && play.witness().isAlive(one)) {
                violated(LEASES, "%s %s of %s".formatted(one.region(), one.id(), one.restore()));
            }
        }
        for (String region : HistoryGenerator.REGIONS) {
            for (Volume volume : play.cloud().ec2(region).describeVolumes().volumes()) {
                boolean drills =
                        volume.tags().stream().anyMatch(it -> it.key().equals(ImageTags.LEASE));
                if (drills && volume.attachments().isEmpty()) {
                    violated(LEASES, region + " " + volume.volumeId() + " is left of a drill");
                }
            }
        }
    }

    /** Whatever its tags say: only people end a server. */
    private void noServerIsEnded() {
        for (Server server : play.fleet()) {
            boolean wanted = !server.changes().getLast().state().isEmpty();
            boolean lives =
                    play.cloud().instances(server.region()).stream()
                            .filter(it -> it.instance().instanceId().equals(server.id()))
                            .map(it -> it.instance().state().nameAsString())
                            .anyMatch(
                                    it -> !it.equals("terminated") && !it.equals("shutting-down"));
            if (wanted && !lives) {
                violated(SERVERS, server.region() + " " + server.id() + " was terminated");
            }
        }
    }

    private void nothingIsLeftBehind() {
        Set<String> used = new HashSet<>();
        inEc2.values().forEach(it -> used.addAll(snapshots(it)));
        // Whoever deregisters an image decides about its snapshots.
        play.witness().removedByOthers().values().forEach(it -> used.addAll(snapshots(it)));
        for (String region : HistoryGenerator.REGIONS) {
            for (LocalSnapshot snapshot : play.cloud().snapshots(region)) {
                boolean ours =
                        snapshot.snapshot().tags().stream()
                                .anyMatch(tag -> tag.key().equals(ImageTags.POLICY));
                if (ours && !used.contains(snapshot.snapshot().snapshotId())) {
                    violated(
                            LITTER,
                            "%s %s is of no image: %s"
                                    .formatted(
                                            region,
                                            snapshot.snapshot().snapshotId(),
                                            snapshot.snapshot().tags()));
                }
            }
            for (Work kind : UNFINISHED) {
                play
                        .catalog()
                        .work(new Region(region), kind, Instant.MAX, Integer.MAX_VALUE)
                        .stream()
                        .filter(it -> it.since().plus(YOUNG).isBefore(end))
                        .filter(it -> kind != Work.RETIRING || !waitsForApproval(it))
                        .filter(it -> kind != Work.RETIRING || !leavesWhatOthersUse(it))
                        .forEach(it ->
                                violated(
                                        kind == Work.RETIRING ? LITTER : FORGOTTEN,
                                        "%s is %s since %s"
                                                .formatted(
                                                        key(region, it.name().toString()),
                                                        it.state(),
                                                        it.since())));
            }
        }
        for (Made one : play.witness().made()) {
            boolean left =
                    inEc2.containsKey(one.id())
                            && play.witness().hasFailed(one.id())
                            && !isTold(Trouble.LITTER.of(one.region(), one.id()));
            if (left) {
                violated(LITTER, key(one.region(), one.name()) + ": failed " + one.id() + " stays");
            }
        }
    }

    /** The breaker stops removals that have begun, too, and people know. */
    private boolean waitsForApproval(Image image) {
        return notices.values().stream()
                .filter(it ->
                        it.about().is(Trouble.APPROVE)
                                && it.about().where().equals(Optional.of(image.name().policy())))
                .anyMatch(this::isTold);
    }

    /** Its AMI is gone, an image of others holds its snapshots, and people know. */
    private boolean leavesWhatOthersUse(Image image) {
        return image.state() == ImageState.RETIRING
                && isTold(Trouble.LEFT.in(image.region(), image.name()))
                && image.snapshots().stream()
                        .anyMatch(left ->
                                inEc2.values().stream()
                                        .filter(it ->
                                                !Witness.tags(it).containsKey(ImageTags.POLICY))
                                        .anyMatch(it -> snapshots(it).contains(left.value())));
    }

    /** What the catalogue says is removed is, with all its snapshots. */
    private void whatIsBuriedIsGone() {
        Set<String> there = new HashSet<>();
        for (String region : HistoryGenerator.REGIONS) {
            play.cloud().snapshots(region).forEach(it -> there.add(it.snapshot().snapshotId()));
        }
        Set<String> buried =
                tombstones.values().stream()
                        .flatMap(it -> it.id().stream())
                        .map(ImageId::value)
                        .collect(Collectors.toSet());
        play.witness()
                .removedByUs()
                .forEach((id, image) -> {
                    List<String> left = snapshots(image).stream().filter(there::contains).toList();
                    if (buried.contains(id) && !left.isEmpty()) {
                        violated(
                                LITTER,
                                image.image().name() + " " + id + " is buried, but left " + left);
                    }
                });
    }

    private static List<String> snapshots(LocalImage image) {
        return image.image().blockDeviceMappings().stream()
                .map(it -> it.ebs())
                .filter(Objects::nonNull)
                .map(it -> it.snapshotId())
                .filter(Objects::nonNull)
                .toList();
    }

    private void tagsSuffice() {
        Map<String, Map<String, String>> snapshotTags = new HashMap<>();
        for (String region : HistoryGenerator.REGIONS) {
            for (LocalSnapshot it : play.cloud().snapshots(region)) {
                snapshotTags.put(
                        it.snapshot().snapshotId(),
                        it.snapshot().tags().stream()
                                .collect(Collectors.toMap(Tag::key, Tag::value)));
            }
        }
        for (Made one : play.witness().made()) {
            LocalImage image = inEc2.get(one.id());
            if (image == null) {
                continue;
            }
            Map<String, String> expected = new HashMap<>(Witness.expected(one.name()));
            if (one.copy()) {
                expected.put(
                        ImageTags.HOME,
                        image.image().sourceImageRegion() + "/" + image.image().sourceImageId());
            }
            if (!Witness.tags(image).entrySet().containsAll(expected.entrySet())) {
                violated(TAGS, one.id() + " has " + Witness.tags(image) + ", not " + expected);
            }
            for (String snapshot : snapshots(image)) {
                Map<String, String> tags = snapshotTags.getOrDefault(snapshot, Map.of());
                if (!tags.entrySet().containsAll(expected.entrySet())) {
                    violated(TAGS, snapshot + " has " + tags + ", not " + expected);
                }
            }
        }
    }

    private void theCatalogueAgrees() {
        play.witness()
                .removedByUs()
                .forEach((id, image) -> {
                    boolean buried =
                            tombstones.values().stream()
                                            .flatMap(it -> it.id().stream())
                                            .filter(it -> it.value().equals(id))
                                            .count()
                                    == 1;
                    boolean leaves =
                            records.values().stream()
                                    .filter(it ->
                                            it.id().filter(i -> i.value().equals(id)).isPresent())
                                    .anyMatch(this::leavesWhatOthersUse);
                    if (!buried && !leaves) {
                        violated(
                                AGREES,
                                image.image().name() + " " + id + " went without a tombstone");
                    }
                });
        tombstones.forEach((key, tombstone) ->
                tombstone
                        .id()
                        .filter(id -> inEc2.containsKey(id.value()))
                        .ifPresent(id -> violated(AGREES, key + " is buried, but there: " + id)));
        for (Made one : play.witness().made()) {
            LocalImage image = inEc2.get(one.id());
            if (image == null || play.witness().hasFailed(one.id())) {
                continue;
            }
            boolean known =
                    Optional.ofNullable(records.get(key(one.region(), one.name())))
                            .flatMap(Image::id)
                            .filter(id -> id.value().equals(one.id()))
                            .isPresent();
            if (!known) {
                violated(
                        AGREES,
                        "%s %s is in EC2, %s but the catalogue does not know it"
                                .formatted(
                                        key(one.region(), one.name()),
                                        one.id(),
                                        image.image().stateAsString()));
            }
        }
        records.forEach((key, record) -> {
            if (record.state() == ImageState.AVAILABLE
                    && record.since().plus(YOUNG).isBefore(end)) {
                String id = record.id().orElseThrow().value();
                String state =
                        Optional.ofNullable(inEc2.get(id))
                                .map(it -> it.image().stateAsString())
                                .orElse("gone");
                if (!state.equals(record.disabled() ? "disabled" : "available")) {
                    violated(
                            AGREES,
                            "%s %s is %s%s, and %s in EC2"
                                    .formatted(
                                            key,
                                            id,
                                            record.state(),
                                            record.disabled() ? ", disabled" : "",
                                            state));
                }
            }
        });
    }

    private void everythingIsToldOnce() {
        Bundle.due(play.catalog().unannounced(), play.catalog().open(), end.minus(TICKS)).stream()
                .flatMap(bundle -> bundle.notices().stream())
                .forEach(notice -> violated(TOLD, "nobody was told: " + notice.text()));
        Set<String> held =
                play.catalog().unannounced().stream().map(Notice::key).collect(Collectors.toSet());
        boolean disturbed = play.history().steps().stream().anyMatch(it -> stopsTelling(it.what()));
        Map<String, Integer> meant = new HashMap<>();
        for (Notice notice : notices.values()) {
            if (!notice.announced()) {
                continue;
            }
            meant.merge(beginning(notice), 1, Integer::sum);
            if (notice.resolved().isEmpty()) {
                if (!isTold(notice)) {
                    violated(TOLD, "nobody was told: " + notice);
                }
            } else {
                String end = end(notice, notice.resolved().get());
                meant.merge(end, 1, Integer::sum);
                // What is over before anybody was told of it is told to nobody.
                if (told.containsKey(beginning(notice))
                        && !isEndTold(notice, end)
                        && !held.contains(notice.key())) {
                    violated(TOLD, "nobody was told that it is over: " + notice);
                }
                if (told.containsKey(end) && !isTold(notice) && !disturbed) {
                    violated(TOLD, "told that it is over, but never that it began: " + notice);
                }
            }
        }
        meant.forEach((what, count) -> {
            int published = told.getOrDefault(what, 0);
            if (published > count && !disturbed) {
                violated(TOLD, "told %d times: %s".formatted(published, what));
            }
        });
    }

    /**
     * Told, but not written down that it is: then it is told again. Begun to be told and not told:
     * then its end is told all the same, for people may have heard of it.
     */
    private static boolean stopsTelling(Happening what) {
        return switch (what) {
            case Happening.Calls(var action, _, _, _) ->
                    action.equals("Publish") || action.equals("TransactWriteItems");
            case Happening.Down(var region, _) -> region.equals(HistoryGenerator.HOME);
            case Happening.Events _,
                    Happening.Unseen _,
                    Happening.Failing _,
                    Happening.Launches _,
                    Happening.Commands _,
                    Happening.Quota _,
                    Happening.KeyDisabled _,
                    Happening.NoTicks _,
                    Happening.DoubleTicks _,
                    Happening.Operation _,
                    Happening.Deed _ ->
                    false;
        };
    }
}
