package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.report.Table;
import dev.amikeeper.restore.Fleet;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.RestorePoints;
import dev.amikeeper.restore.RestoreRequest;
import dev.amikeeper.restore.RestoreText;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import software.amazon.awssdk.core.exception.SdkException;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code keeper restore}. */
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        sortOptions = false,
        description = {
            "Brings a server back from its newest good image, in its own Region or another one:"
                    + " shows what will differ, launches one instance, and follows it until its"
                    + " status checks pass. Stopped, it goes on where it was when run again; a"
                    + " server that is back is not launched once more.",
            "With --all, every server of a policy that has an image in the Region: the drill for"
                    + " the loss of a Region, or the loss itself. If the catalogue is lost with its"
                    + " Region, make a new one first: keeper rebuild.",
            "Needs ec2:RunInstances, DescribeInstances, DescribeInstanceStatus, DescribeImages,"
                + " DescribeSubnets, DescribeSecurityGroups, DescribeKeyPairs,"
                + " DescribeInstanceTypeOfferings, CreateReplaceRootVolumeTask,"
                + " DescribeReplaceRootVolumeTasks, CreateTags, for --elastic-ip DescribeAddresses"
                + " and AssociateAddress, iam:GetInstanceProfile and PassRole, and the catalogue.",
            "Exit status: 0 if all are back, 1 if one is not, 2 for a mistake in the command, 4 if"
                    + " an original is still there and nobody confirmed a second one."
        })
final class RestoreCommand implements Callable<Integer> {
    /** Refused, for it would not be safe. */
    private static final int REFUSED = 4;

    private static final int SHOWN = 10;

    private final Screen screen;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Option(names = "--instance", paramLabel = "i-...", description = "The server.")
    private @Nullable String instance;

    @Option(names = "--all", description = "Every server of the policy, or of all policies.")
    private boolean all;

    @Option(names = "--policy", paramLabel = "POLICY", description = "Images of this policy only.")
    private @Nullable String policy;

    @Option(
            names = "--region",
            paramLabel = "REGION",
            description = "Where to restore it; its own Region unless given.")
    private @Nullable String region;

    @Option(
            names = "--at",
            paramLabel = "TIME",
            description = "As of then, as 2026-03-01T12:00Z; the newest image unless given.")
    private @Nullable String at;

    @Option(names = "--image", paramLabel = "ami-...", description = "This very image.")
    private @Nullable String image;

    @Option(
            names = "--newer-than",
            paramLabel = "DAYS",
            description =
                    "With --all: leaves out servers whose image is older than the newest one by"
                            + " more, for they were gone before; ${DEFAULT-VALUE} unless given.")
    private int newerThan = 7;

    @Option(names = "--type", paramLabel = "TYPE", description = "Another instance type.")
    private @Nullable String type;

    @Option(names = "--subnet", paramLabel = "subnet-...", description = "Another subnet.")
    private @Nullable String subnet;

    @Option(
            names = "--group",
            paramLabel = "sg-...",
            description = "Other security groups; may be given several times.")
    private List<String> groups = new ArrayList<>();

    @Option(
            names = "--tag",
            paramLabel = "KEY=VALUE",
            description = "A tag more, or with another value; may be given several times.")
    private Map<String, String> tags = new HashMap<>();

    @Option(
            names = "--keep-address",
            description = "With the original's private address, which must be free.")
    private boolean keepAddress;

    @Option(
            names = "--mapping",
            paramLabel = "FILE",
            description =
                    "What stands for what in the other Region: subnets, securityGroups, keyPairs,"
                        + " types, elasticIps, instanceProfiles. A plan that lacks something prints"
                        + " the file to fill in.")
    private @Nullable Path mapping;

    @Option(
            names = "--elastic-ip",
            paramLabel = "eipalloc-...|original",
            description =
                    "The Elastic IP address that it gets when its checks have passed; never from"
                            + " whoever has it.")
    private @Nullable String elasticIp;

    @Option(
            names = "--replace-root",
            description =
                    "Replaces the root volume of the living server instead: it keeps its id,"
                            + " addresses and other volumes.")
    private boolean replaceRoot;

    @Option(names = "--again", description = "Launches another one of a server that is back.")
    private boolean again;

    @Option(
            names = "--instance-profile",
            paramLabel = "NAME|none",
            description = "Another instance profile, or none.")
    private @Nullable String instanceProfile;

    @Option(
            names = "--no-user-data",
            description =
                    "Without the user data that the policy keeps: on the restored disks it would"
                            + " run again.")
    private boolean noUserData;

    @Option(names = "--yes", description = "Does not ask first where the original is still there.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Shows the plan; launches nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "Prints the result as one JSON object.")
    private boolean json;

    @Mixin private final Deployment deployed;

    RestoreCommand(Screen screen, Deployment deployed) {
        this.screen = screen;
        this.deployed = deployed;
    }

    /** What {@code --json} prints of a server. */
    record Line(
            String instance,
            String name,
            String region,
            String image,
            String asOf,
            String state,
            String restored,
            @Nullable Long seconds,
            String note,
            List<String> plan) {}

    /** What {@code --json} prints. */
    record Result(
            int servers,
            int back,
            int failed,
            int missing,
            boolean dryRun,
            List<Line> lines,
            List<Fill> fill) {}

    /** An entry that the mapping file lacks; the proposal is empty if there is none. */
    record Fill(
            String part,
            String original,
            String name,
            String proposal,
            List<MissingMapping.Candidate> candidates) {
        static Fill of(MissingMapping blank) {
            return new Fill(
                    blank.part(),
                    blank.original(),
                    blank.name(),
                    blank.proposal().orElse(""),
                    blank.candidates());
        }
    }

    @Override
    public Integer call() {
        if (all == (instance != null)) {
            throw new ParameterException(
                    spec.commandLine(), "Name a server with --instance, or all with --all.");
        }
        if (all && (image != null || replaceRoot || elasticIp != null)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--image, --replace-root and --elastic-ip go with --instance; addresses of many"
                            + " servers go into the mapping file.");
        }
        if (all && region == null) {
            throw new ParameterException(
                    spec.commandLine(), "--all needs --region, as --region us-west-2.");
        }
        if (newerThan < 0) {
            throw new ParameterException(
                    spec.commandLine(), "--newer-than must be 0 days or more.");
        }
        if (replaceRoot && !otherwise().isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "%s changes nothing with --replace-root: the server keeps all but its root volume."
                            .formatted(String.join(", ", otherwise())));
        }
        // Before anything is read: a mistake is named at once.
        RestoreRequest request =
                request(replaceRoot ? Restore.Kind.REPLACE_ROOT : Restore.Kind.LAUNCH);
        Application app = deployed.application();
        try {
            return restore(app, request);
        } catch (SdkException error) {
            throw new UnusableException(
                    "AWS does not answer as it should: "
                            + error.getMessage()
                            + "\nRun it again when it does: it goes on where it was.");
        }
    }

    /** The options that say what is to be otherwise than it was. */
    private List<String> otherwise() {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(
                        Set.of(
                                        "--type",
                                        "--subnet",
                                        "--group",
                                        "--tag",
                                        "--keep-address",
                                        "--mapping",
                                        "--elastic-ip",
                                        "--instance-profile",
                                        "--no-user-data")
                                ::contains)
                .toList();
    }

    private int restore(Application app, RestoreRequest request) {
        Restore.Kind kind = request.kind();
        RestorePlanner planning = app.restorePlanner();
        List<RestorePlan> plans =
                all
                        ? planning.plans(images(app, request), request.wish())
                        : List.of(
                                planning.plan(
                                        image(planning, request, app.clock().instant()),
                                        kind,
                                        request.wish()));
        PrintWriter out = spec.commandLine().getOut();
        boolean whole = plans.stream().allMatch(RestorePlan::isWhole);
        List<MissingMapping> blanks = planning.blanks(plans);
        if (!json) {
            show(plans, out);
        }
        if (!whole && !json) {
            out.print(fill(plans.getFirst().image().region(), request.wish().mapping(), blanks));
        }
        if (dryRun || !whole) {
            if (json) {
                out.print(PlanCommand.json(planned(plans, blanks)));
            } else if (dryRun && whole) {
                out.println("Nothing was launched: this was a dry run.");
            }
            out.flush();
            return whole ? 0 : 1;
        }
        out.flush();
        if (!confirmed(plans)) {
            return REFUSED;
        }
        List<Restore> restores =
                plans.stream()
                        .map(plan ->
                                RestorePlanner.restore(
                                        plan,
                                        kind,
                                        request.identity(plan.image()),
                                        app.clock().instant()))
                        .toList();
        List<Restore> ended = follow(app, restores);
        out.print(json ? PlanCommand.json(result(plans, ended)) : text(plans, ended));
        out.flush();
        return ended.stream().allMatch(it -> it.state() == Restore.State.PASSED) ? 0 : 1;
    }

    /** A second one beside a living server may write where that one does. The demo has no such. */
    private boolean confirmed(List<RestorePlan> plans) {
        List<String> beside =
                plans.stream()
                        .flatMap(plan ->
                                plan.original().stream()
                                        .map(it ->
                                                "%s is %s in %s"
                                                        .formatted(
                                                                called(plan.image()),
                                                                it.state(),
                                                                it.region())))
                        .toList();
        if (beside.isEmpty() || yes || deployed.isDemo()) {
            return true;
        }
        PrintWriter err = spec.commandLine().getErr();
        beside.stream().limit(SHOWN).forEach(err::println);
        if (beside.size() > SHOWN) {
            err.printf("... and %d more%n", beside.size() - SHOWN);
        }
        err.flush();
        if (screen.confirms(
                beside.size() == 1
                        ? "Launch a second one beside it?"
                        : "Launch a second one beside each of them?")) {
            return true;
        }
        err.println(
                "Nothing was launched: the original is still there. --yes launches another one"
                        + " beside it.");
        err.flush();
        return false;
    }

    private static String called(Image image) {
        String id = image.name().instance().value();
        String name = name(image);
        return name.equals(id) ? id : name + " (" + id + ")";
    }

    private RestoreRequest request(Restore.Kind kind) {
        try {
            return new RestoreRequest(
                    // With --all nobody asks for one.
                    read(instance, InstanceId::new, "i-0abc1234def567890")
                            .orElseGet(() -> new InstanceId("i-0")),
                    read(region, Region::new, "us-west-2"),
                    Optional.ofNullable(at).map(RestoreRequest::time),
                    read(image, ImageId::new, "ami-0abc1234def567890"),
                    Optional.ofNullable(policy),
                    kind,
                    new RestoreOptions(
                            Optional.ofNullable(type),
                            Optional.ofNullable(subnet),
                            groups,
                            keepAddress,
                            tags,
                            mapping == null
                                    ? RestoreOptions.Mapping.NONE
                                    : MappingFile.read(mapping),
                            Optional.ofNullable(elasticIp),
                            Optional.ofNullable(instanceProfile),
                            noUserData));
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()));
        }
    }

    private static <T> Optional<T> read(
            @Nullable String text, Function<String, T> reader, String example) {
        try {
            return Optional.ofNullable(text).map(reader);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException(
                    wrong.getMessage() + "; write it as " + example, wrong);
        }
    }

    private static Image image(RestorePlanner planning, RestoreRequest request, Instant now) {
        return switch (planning.choose(request, now)) {
            case RestorePlanner.Choice.Chosen(Image chosen) -> chosen;
            case RestorePlanner.Choice.None(String why) -> throw nothing(why);
        };
    }

    private static UnusableException nothing(String why) {
        return new UnusableException("Nothing to restore: " + why + ".");
    }

    /** Of each server the newest image; an instance of two policies is one server. */
    private List<Image> images(Application app, RestoreRequest request) {
        Optional<String> future = RestorePlanner.future(request, app.clock().instant());
        if (future.isPresent()) {
            throw nothing(future.get());
        }
        Region where = request.region().orElseThrow();
        List<String> policies =
                request.policy()
                        .map(app.policies()::allNames)
                        .orElseGet(() ->
                                List.copyOf(app.catalog().policiesWith(app.policies().allNames())));
        List<Image> newest =
                RestorePoints.newestOfEach(
                        where,
                        request.at(),
                        policies.stream()
                                .flatMap(it -> app.catalog().ofPolicy(it, where).stream())
                                .toList());
        if (newest.isEmpty()) {
            throw nothing(
                    "there is no good image in "
                            + where
                            + request.policy().map(it -> " of policy " + it).orElse("")
                            + request.at().map(it -> " from " + it + " or before").orElse("")
                            + "; keeper status shows where there are");
        }
        Instant last =
                newest.stream()
                        .map(it -> it.name().slot().time())
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        Instant oldest = last.minus(Duration.ofDays(newerThan));
        List<Image> left =
                newest.stream().filter(it -> it.name().slot().time().isBefore(oldest)).toList();
        if (!left.isEmpty()) {
            // Also beside --json: whoever restores a fleet must see whom it lacks.
            PrintWriter shown = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
            shown.printf(
                    "%d servers are left out, their newest image is older than %s: %s"
                            + " (--newer-than takes them, too).%n",
                    left.size(),
                    oldest,
                    left.stream()
                            .map(RestoreCommand::name)
                            .sorted()
                            .collect(Collectors.joining(", ")));
            shown.flush();
        }
        return newest.stream()
                .filter(it -> !it.name().slot().time().isBefore(oldest))
                .sorted(Comparator.comparing(RestoreCommand::name))
                .toList();
    }

    private static String name(Image image) {
        return image.capsule()
                .map(capsule -> capsule.tags().get("Name"))
                .orElse(image.name().instance().value());
    }

    private void show(List<RestorePlan> plans, PrintWriter out) {
        if (!all || plans.stream().anyMatch(plan -> !plan.isWhole())) {
            plans.stream()
                    .filter(plan -> !all || !plan.isWhole())
                    .forEach(plan -> RestoreText.lines(plan).forEach(out::println));
            return;
        }
        Table table = new Table("lllll");
        table.row("Server", "as of", "image", "type", "subnet");
        plans.forEach(plan ->
                table.row(
                        name(plan.image()),
                        plan.image().name().slot().toString(),
                        plan.image().id().orElseThrow().value(),
                        plan.as().type(),
                        plan.as().subnet()));
        table.lines().forEach(out::println);
        plans.stream()
                .filter(plan -> !plan.as().leftOut().isEmpty())
                .forEach(plan ->
                        out.printf(
                                "%s comes back without %s: its image was made without it.%n",
                                name(plan.image()),
                                plan.as().leftOut().stream()
                                        .map(Capsule.Disk::text)
                                        .collect(Collectors.joining(", "))));
        out.println();
    }

    private static String fill(
            Region where, RestoreOptions.Mapping known, List<MissingMapping> blanks) {
        return blanks.isEmpty()
                ? "Nothing was launched.%n".formatted()
                : "Nothing was launched. Fill this in, and give it with --mapping FILE:%n%n"
                                .formatted()
                        + MappingFile.text(where, known, blanks);
    }

    private List<Restore> follow(Application app, List<Restore> restores) {
        Fleet fleet = app.fleet(deployed.pause());
        if (!screen.progress()) {
            return fleet.run(restores, again, _ -> {});
        }
        try (ProgressBar bar = new ProgressBar(spec.commandLine().getErr(), 1)) {
            return fleet.run(restores, again, now -> show(bar, now));
        }
    }

    private static void show(ProgressBar bar, Collection<Restore> now) {
        int launched = count(now, it -> it.launched().isPresent() || it.isOver());
        int running = count(now, it -> it.reached() != Restore.Level.NONE || it.isOver());
        int over = count(now, Restore::isOver);
        bar.show(
                (launched + running + over) / (3.0 * now.size()),
                "%d servers: %d launched, %d running, %d checked"
                        .formatted(now.size(), launched, running, over));
    }

    private static int count(Collection<Restore> restores, Function<Restore, Boolean> which) {
        return (int) restores.stream().filter(which::apply).count();
    }

    private static String text(List<RestorePlan> plans, List<Restore> ended) {
        StringBuilder text = new StringBuilder();
        Table table = new Table("llllrl");
        table.row("Server", "as of", "Region", "restored as", "took", "");
        for (int i = 0; i < ended.size(); i++) {
            Restore it = ended.get(i);
            table.row(
                    name(plans.get(i).image()),
                    it.of().slot().toString(),
                    it.region().name(),
                    it.instance().map(InstanceId::value).orElse("-"),
                    it.took().map(RestoreCommand::words).orElse("-"),
                    it.state() == Restore.State.PASSED
                            ? "back, checks passed" + (it.note().isEmpty() ? "" : "; " + it.note())
                            : it.note());
        }
        table.lines().forEach(line -> text.append(line).append(System.lineSeparator()));
        List<Duration> took = ended.stream().flatMap(it -> it.took().stream()).sorted().toList();
        int failed = count(ended, it -> it.state() != Restore.State.PASSED);
        text.append(
                "%n%s back%s%s%n"
                        .formatted(
                                ended.size() == 1
                                        ? "The server is" + (failed == 0 ? "" : " not")
                                        : "%d of %d servers are"
                                                .formatted(ended.size() - failed, ended.size()),
                                took.size() > 1
                                        ? ", half of them within "
                                                + words(took.get((took.size() - 1) / 2))
                                                + ", all within "
                                                + words(took.getLast())
                                        : "",
                                failed == 0 ? "." : "; keeper failures says what to do."));
        return text.toString();
    }

    private static String words(Duration took) {
        return "%d:%02d min".formatted(took.toMinutes(), took.toSecondsPart());
    }

    private Result planned(List<RestorePlan> plans, List<MissingMapping> blanks) {
        List<Line> lines =
                plans.stream()
                        .map(plan ->
                                line(
                                        plan,
                                        plan.isWhole() ? "planned" : "missing",
                                        Optional.empty()))
                        .toList();
        int missing = (int) plans.stream().filter(plan -> !plan.isWhole()).count();
        return new Result(
                plans.size(), 0, 0, missing, dryRun, lines, blanks.stream().map(Fill::of).toList());
    }

    private Result result(List<RestorePlan> plans, List<Restore> ended) {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < ended.size(); i++) {
            Restore it = ended.get(i);
            lines.add(
                    line(
                            plans.get(i),
                            it.state() == Restore.State.PASSED ? "back" : "failed",
                            Optional.of(it)));
        }
        int failed = count(ended, it -> it.state() != Restore.State.PASSED);
        return new Result(ended.size(), ended.size() - failed, failed, 0, false, lines, List.of());
    }

    private static Line line(RestorePlan plan, String state, Optional<Restore> restore) {
        Image from = plan.image();
        return new Line(
                from.name().instance().value(),
                name(from),
                from.region().name(),
                from.id().orElseThrow().value(),
                from.name().slot().toString(),
                state,
                restore.flatMap(Restore::instance).map(InstanceId::value).orElse(""),
                restore.flatMap(Restore::took).map(Duration::toSeconds).orElse(null),
                restore.map(Restore::note).orElse(""),
                RestoreText.lines(plan));
    }
}
