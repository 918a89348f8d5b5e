package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.LostPolicies;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Texts;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.report.Table;
import dev.amikeeper.status.Spans;
import dev.amikeeper.status.Standing;
import dev.amikeeper.status.Standing.Level;
import dev.amikeeper.status.Status;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import software.amazon.awssdk.core.exception.SdkException;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code keeper status}. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        description = {
            "Shows of each instance how old the newest good image is in each Region, whether that"
                    + " is what its policy's schedule promises, and until when; the worst first."
                    + " Changes nothing.",
            "Exit status: 0, or 1 if an instance is late somewhere or a Region or something of the"
                    + " catalogue could not be read, or nobody hears what is told."
                    + " An instance that no policy selects breaks no promise: it is listed, no"
                    + " more."
        })
public final class StatusCommand implements Callable<Integer> {
    private static final String RED = "\033[31m";
    private static final String YELLOW = "\033[33m";
    private static final String BOLD = "\033[1m";
    private static final String PLAIN = "\033[0m";
    private static final int DAY = "2026-03-01".length();
    private static final int MINUTE = "2026-03-01T02:00".length();
    private static final String UNPROTECTED = "unprotected";

    private final Screen screen;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // as above
    private Deployment deployed;

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            description = "Shows the instances of this policy only.")
    private @Nullable String policy;

    @Option(names = "--json", description = "Prints the status as one JSON object.")
    private boolean json;

    StatusCommand(Screen screen) {
        this.screen = screen;
    }

    /**
     * One instance under one policy in one Region.
     *
     * @param state late, unprotected, due, new, events or good
     * @param image the newest good one; empty if there is none
     * @param ageSeconds of that image, by its slot; absent without one
     * @param tried when restoring in this Region was last tried, by a drill or in earnest; empty if
     *     never
     * @param passed whether the server came up and passed its checks then
     * @param restoreSeconds how long that took; absent unless it passed
     * @param holdsUntil when the image is too old for the schedule; empty without a schedule
     */
    record Line(
            String state,
            String instance,
            String name,
            String is,
            String policy,
            String region,
            String slot,
            String image,
            @Nullable Long ageSeconds,
            String next,
            String holdsUntil,
            String tried,
            boolean passed,
            @Nullable Long restoreSeconds,
            String remark) {}

    /** A Region that could not be read. */
    record Unread(String region, String why) {}

    /**
     * A policy that is not in the file any more.
     *
     * @param images how many of its images are left, which no rule removes
     * @param snapshots how many snapshots they have
     * @param regions where they are
     * @param text the same in words
     */
    record Lost(
            String policy,
            int images,
            int snapshots,
            List<String> regions,
            String text,
            String toDo) {
        Lost {
            regions = List.copyOf(regions);
        }
    }

    /**
     * The answer: instances, and lines of instances by policy and Region.
     *
     * @param waiting instances that have no image somewhere, and are not late
     * @param unreadable what of the catalogue this version cannot read
     * @param unheard why nobody hears what is told; empty if somebody does
     * @param former what is in Regions that its policy does not name any more
     * @param lost the policies that are not in the file any more and have images
     */
    public record Answer(
            String at,
            int protectedInstances,
            int late,
            int waiting,
            int unprotected,
            List<Line> lines,
            List<Unread> unread,
            List<String> unreadable,
            String unheard,
            List<String> former,
            List<Lost> lost) {
        public Answer {
            lost = List.copyOf(lost);
            former = List.copyOf(former);
            lines = List.copyOf(lines);
            unread = List.copyOf(unread);
            unreadable = List.copyOf(unreadable);
        }

        boolean allWell() {
            return late == 0 && unread.isEmpty() && unreadable.isEmpty() && unheard.isEmpty();
        }
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Answer answer = look(deployed.application(), Optional.ofNullable(policy));
        out.print(json ? PlanCommand.json(answer) : text(answer));
        out.flush();
        return answer.allWell() ? 0 : 1;
    }

    /**
     * Reads and decides.
     *
     * @throws UnusableException if there is no such policy, and never was
     */
    public static Answer look(Application app, Optional<String> only) {
        only.filter(name -> app.policies().find(name).isEmpty())
                .filter(name -> !app.policyNames().contains(name))
                .ifPresent(name -> {
                    throw new UnusableException(
                            "There is no policy %s; there are %s."
                                    .formatted(
                                            Texts.quoted(name),
                                            app.policies().all().stream()
                                                    .map(Policy::name)
                                                    .collect(Collectors.joining(", "))));
                });
        Instant now = app.clock().instant();
        Map<Region, List<LivingInstance>> servers = new TreeMap<>();
        List<Unread> unread = new ArrayList<>();
        for (Region region : regions(app, only)) {
            try {
                servers.put(region, app.instances().living(region));
            } catch (SdkException error) {
                unread.add(new Unread(region.name(), Fault.text(error)));
            }
        }
        Status all =
                Status.of(
                        app.policies(),
                        servers,
                        (name, region) -> Optional.of(app.catalog().ofPolicy(name, region)),
                        now);
        Status status = only.map(app.policies()::nameOf).map(all::of).orElse(all);
        return new Answer(
                now.toString(),
                status.protectedOnes(),
                status.late(),
                status.waiting(),
                status.unprotected().size(),
                lines(status, tries(app)),
                unread,
                Unreadables.lines(app.catalog()),
                app.announcements().unheard().orElse(""),
                former(app, only),
                lost(app, only));
    }

    /** One that is asked for by its name is shown whether it has images or not. */
    private static List<Lost> lost(Application app, Optional<String> only) {
        return app.policyNames().stream()
                .filter(name -> app.policies().find(name).isEmpty())
                .filter(name -> only.map(name::equals).orElse(true))
                .map(name -> lost(app, name))
                .filter(lost -> lost.images() > 0 || only.isPresent())
                .toList();
    }

    private static Lost lost(Application app, String name) {
        Set<Region> regions = new TreeSet<>(app.catalog().bookmarks().regions());
        regions.addAll(app.policies().regions());
        SortedMap<Region, Integer> images = new TreeMap<>();
        int snapshots = 0;
        for (Region region : regions) {
            for (Image image : app.catalog().ofPolicy(name, region)) {
                if (image.state() != ImageState.FAILED) {
                    images.merge(region, 1, Integer::sum);
                    snapshots += image.volumes();
                }
            }
        }
        return new Lost(
                name,
                images.values().stream().mapToInt(Integer::intValue).sum(),
                snapshots,
                images.keySet().stream().map(Region::name).toList(),
                LostPolicies.text(name, images),
                LostPolicies.TO_DO);
    }

    private static List<String> former(Application app, Optional<String> only) {
        Set<Region> regions = new TreeSet<>(app.catalog().bookmarks().regions());
        return app.policies().all().stream()
                .filter(policy -> only.map(policy.allNames()::contains).orElse(true))
                .flatMap(policy ->
                        regions.stream()
                                .filter(region -> !policy.replicate().containsKey(region))
                                .flatMap(region ->
                                        FormerRegions.line(
                                                policy,
                                                region,
                                                app.catalog().ofPolicy(policy.allNames(), region))
                                                .stream()))
                .toList();
    }

    /** DR Regions too, where what was restored may run without a policy. */
    private static Iterable<Region> regions(Application app, Optional<String> only) {
        return only.flatMap(app.policies()::find)
                .map(policy -> policy.select().regions())
                .orElseGet(() -> List.copyOf(app.policies().regions()));
    }

    /** The last restore or drill of each instance in each Region that is over. */
    private static Map<Place, Restore> tries(Application app) {
        return app.policyNames().stream()
                .flatMap(policy -> app.catalog().restores(policy).stream())
                .filter(restore -> restore.kind() != Restore.Kind.REPLACE_ROOT)
                .filter(restore -> restore.ended().isPresent())
                .collect(
                        Collectors.toMap(
                                restore -> new Place(restore.of().instance(), restore.region()),
                                Function.identity(),
                                BinaryOperator.maxBy(Comparator.comparing(Restore::asked))));
    }

    private record Place(InstanceId instance, Region region) {}

    /** Broken promises, instances without a promise, and the others. */
    private static List<Line> lines(Status status, Map<Place, Restore> tries) {
        List<Line> lines = new ArrayList<>();
        status.standings().stream()
                .filter(it -> it.level() == Level.LATE)
                .map(it -> line(it, tries))
                .forEach(lines::add);
        status.unprotected().stream().map(StatusCommand::line).forEach(lines::add);
        status.standings().stream()
                .filter(it -> it.level() != Level.LATE)
                .map(it -> line(it, tries))
                .forEach(lines::add);
        return lines;
    }

    private static Line line(Standing standing, Map<Place, Restore> tries) {
        Instance instance = standing.server().instance();
        Optional<Restore> tried =
                Optional.ofNullable(tries.get(new Place(instance.id(), standing.region())));
        return new Line(
                standing.level().name().toLowerCase(Locale.ROOT),
                instance.id().value(),
                name(instance),
                instance.state(),
                standing.policy(),
                standing.region().name(),
                standing.newest().map(image -> image.name().slot().toString()).orElse(""),
                standing.newest().flatMap(Image::id).map(ImageId::value).orElse(""),
                standing.newest().map(_ -> standing.exposed().toSeconds()).orElse(null),
                standing.next().map(Object::toString).orElse(""),
                standing.breach().map(Object::toString).orElse(""),
                tried.map(restore -> restore.asked().toString()).orElse(""),
                tried.map(Restore::hasPassed).orElse(false),
                tried.flatMap(Restore::took).map(Duration::toSeconds).orElse(null),
                standing.remark());
    }

    private static Line line(Status.Unprotected bare) {
        Instance instance = bare.server().instance();
        return new Line(
                UNPROTECTED,
                instance.id().value(),
                name(instance),
                instance.state(),
                "",
                instance.region().name(),
                "",
                "",
                null,
                "",
                "",
                "",
                false,
                null,
                bare.why());
    }

    private static String name(Instance instance) {
        return Texts.plain(instance.tags().getOrDefault("Name", ""));
    }

    private String text(Answer answer) {
        StringBuilder text = new StringBuilder();
        text.append(coloured(BOLD, summary(answer))).append(System.lineSeparator());
        for (Unread region : answer.unread()) {
            text.append(coloured(RED, region.region() + " cannot be read: " + region.why()))
                    .append(System.lineSeparator());
        }
        if (!answer.unheard().isEmpty()) {
            text.append(coloured(RED, answer.unheard())).append(System.lineSeparator());
        }
        answer.former().forEach(line -> text.append(line).append(System.lineSeparator()));
        answer.lost()
                .forEach(lost ->
                        text.append(lost.text())
                                .append(
                                        lost.images() == 0
                                                ? ""
                                                : " (%d snapshots): %s"
                                                        .formatted(lost.snapshots(), lost.toDo()))
                                .append(System.lineSeparator()));
        for (String item : answer.unreadable()) {
            text.append(coloured(RED, item)).append(System.lineSeparator());
        }
        if (answer.lines().isEmpty()) {
            return text.toString();
        }
        Table table = new Table("llllllrllll");
        table.row(
                "state",
                "instance",
                "name",
                "policy",
                "Region",
                "newest image of",
                "age",
                "next slot",
                "holds until",
                "restored in",
                "");
        answer.lines()
                .forEach(line ->
                        table.row(
                                line.state(),
                                line.instance(),
                                or(line.name()),
                                or(line.policy()),
                                line.region(),
                                minute(line.slot()),
                                age(line),
                                minute(line.next()),
                                minute(line.holdsUntil()),
                                restored(line),
                                line.remark()));
        List<String> rows = table.lines();
        text.append(System.lineSeparator()).append(rows.getFirst()).append(System.lineSeparator());
        for (int i = 0; i < answer.lines().size(); i++) {
            text.append(coloured(colour(answer.lines().get(i)), rows.get(i + 1)))
                    .append(System.lineSeparator());
        }
        return text.toString();
    }

    private static String summary(Answer answer) {
        int all =
                answer.protectedInstances()
                        + answer.late()
                        + answer.waiting()
                        + answer.unprotected();
        return "%d %s at %s: %d protected, %d late, %d unprotected%s"
                .formatted(
                        all,
                        all == 1 ? "instance" : "instances",
                        answer.at(),
                        answer.protectedInstances(),
                        answer.late(),
                        answer.unprotected(),
                        answer.waiting() == 0
                                ? ""
                                : ", %d without an image somewhere, but not late"
                                        .formatted(answer.waiting()));
    }

    private static String restored(Line line) {
        Long seconds = line.restoreSeconds();
        if (line.tried().isEmpty()) {
            return "untried";
        }
        String day = line.tried().substring(0, DAY);
        return seconds == null
                ? "failed, " + day
                : "%d:%02d min, %s".formatted(seconds / 60, seconds % 60, day);
    }

    private static String age(Line line) {
        Long seconds = line.ageSeconds();
        return seconds == null ? "-" : Spans.text(Duration.ofSeconds(seconds));
    }

    /** In UTC, as {@code 2026-03-01 02:00}. */
    private static String minute(String time) {
        return time.isEmpty() ? "-" : time.substring(0, MINUTE).replace('T', ' ');
    }

    private static String colour(Line line) {
        return switch (line.state()) {
            case "late" -> RED;
            case UNPROTECTED, "due" -> YELLOW;
            default -> "";
        };
    }

    private String coloured(String colour, String words) {
        return screen.colours() && !colour.isEmpty() ? colour + words + PLAIN : words;
    }

    private static String or(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
