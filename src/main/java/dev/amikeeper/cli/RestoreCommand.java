package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.restore.Fleet;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.RestoreRequest;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

import software.amazon.awssdk.core.exception.SdkException;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** {@code keeper restore}. */
@Command(
        name = "restore",
        sortOptions = false,
        description = {
            "Brings a server back from its newest good image, in its own Region or another one:"
                + " shows what will differ, launches one instance, and follows it until its status"
                + " checks pass. If the command is stopped, run it again and it goes on where it"
                + " was; a server that is back is not launched again.",
            "With --all, it restores every server of a policy that has an image in"
                    + " the Region: as a drill for the loss of a Region, or after the loss"
                    + " itself. If the catalogue is lost with its Region, make a new one first:"
                    + " keeper rebuild.",
            "Needs ec2:RunInstances, DescribeInstances, DescribeInstanceStatus, DescribeImages,"
                + " DescribeSubnets, DescribeSecurityGroups, DescribeKeyPairs,"
                + " DescribeInstanceTypeOfferings, CreateReplaceRootVolumeTask,"
                + " DescribeReplaceRootVolumeTasks, CreateTags, for --elastic-ip DescribeAddresses"
                + " and AssociateAddress, iam:GetInstanceProfile and PassRole, and the catalogue.",
            "Exit status: 0 if all are back, 1 if one is not, 2 for a mistake in the command, 4 if"
                    + " an original is still there and nobody confirmed a second one."
        })
final class RestoreCommand extends KeeperCommand {
    /** Refused because it would not be safe. */
    private static final int REFUSED = 4;

    private static final int SHOWN = 10;

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

    @Option(names = "--image", paramLabel = "ami-...", description = "Exactly this image.")
    private @Nullable String image;

    @Option(
            names = "--newer-than",
            paramLabel = "DAYS",
            description =
                    "With --all: leaves out servers whose image is older than the newest one"
                            + " by more than this, because they were already gone; ${DEFAULT-VALUE}"
                            + " unless given.")
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
            description =
                    "An additional tag, or another value for a tag; may be given several times.")
    private Map<String, String> tags = new HashMap<>();

    @Option(
            names = "--keep-address",
            description = "Uses the original's private address, which must be free.")
    private boolean keepAddress;

    @Option(
            names = "--mapping",
            paramLabel = "FILE",
            description =
                    "The counterparts in the other Region: subnets, securityGroups,"
                            + " keyPairs, types, elasticIps, instanceProfiles. If a plan lacks"
                            + " something, it prints the file to fill in.")
    private @Nullable Path mapping;

    @Option(
            names = "--elastic-ip",
            paramLabel = "eipalloc-...|original",
            description =
                    "The Elastic IP address that it gets when its checks have passed; an"
                            + " address in use is never taken.")
    private @Nullable String elasticIp;

    @Option(
            names = "--replace-root",
            description =
                    "Replaces the root volume of the living server instead: it keeps its id,"
                            + " addresses and other volumes.")
    private boolean replaceRoot;

    @Option(names = "--again", description = "Launches another one even if the server is back.")
    private boolean again;

    @Option(
            names = "--instance-profile",
            paramLabel = "NAME|none",
            description = "Another instance profile, or none.")
    private @Nullable String instanceProfile;

    @Option(
            names = "--no-user-data",
            description =
                    "Leaves out the user data that the policy keeps: on the restored disks"
                            + " it would run again.")
    private boolean noUserData;

    @Option(names = "--yes", description = "Does not ask first if the original is still there.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Shows the plan; launches nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "Prints the result as one JSON object.")
    private boolean json;

    /** Comes last in the help, which lists the options in order of use. */
    @Mixin private final Deployment deployment;

    RestoreCommand(Screen screen, Deployment deployment) {
        super(screen);
        this.deployment = deployment;
    }

    @Override
    int run() {
        if (all == (instance != null)) {
            throw mistake("Name a server with --instance, or all with --all.");
        }
        if (all && (image != null || replaceRoot || elasticIp != null)) {
            throw mistake(
                    "--image, --replace-root and --elastic-ip go with --instance; addresses of many"
                            + " servers go into the mapping file.");
        }
        if (all && region == null) {
            throw mistake("--all needs --region, as --region us-west-2.");
        }
        if (newerThan < 0) {
            throw mistake("--newer-than must be 0 days or more.");
        }
        if (replaceRoot && !otherwise().isEmpty()) {
            throw mistake(
                    "%s changes nothing with --replace-root: the server keeps all but its root volume."
                            .formatted(String.join(", ", otherwise())));
        }
        // Before anything is read, so that a mistake is reported at once.
        RestoreRequest request =
                request(
                        replaceRoot
                                ? Restore.RestoreKind.REPLACE_ROOT
                                : Restore.RestoreKind.LAUNCH);
        Application app = deployment.application();
        try {
            return restore(app, request);
        } catch (SdkException error) {
            throw new UnusableException(
                    "AWS does not answer as it should: "
                            + error.getMessage()
                            + "\nRun it again when it does: it goes on where it was.");
        }
    }

    /** The given options that change the restored server. */
    private List<String> otherwise() {
        return spec().commandLine().getParseResult().matchedOptions().stream()
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
        RestorePlanner planning = app.restorePlanner();
        List<RestorePlan> plans =
                all
                        ? planning.plans(images(app, request), request.wish())
                        : List.of(
                                planning.plan(
                                        image(planning, request, app.clock().instant()),
                                        request.kind(),
                                        request.wish()));
        boolean whole = plans.stream().allMatch(RestorePlan::isWhole);
        if (!json) {
            RestoreWords.plans(plans, all).forEach(out()::println);
        }
        if (dryRun || !whole) {
            return planned(plans, planning.blanks(plans), request);
        }
        out().flush();
        if (!confirmed(plans)) {
            return REFUSED;
        }
        List<Restore> restores =
                plans.stream()
                        .map(plan ->
                                RestorePlanner.restore(
                                        plan,
                                        request.kind(),
                                        request.identity(plan.image()),
                                        app.clock().instant()))
                        .toList();
        List<Restore> ended = follow(app, restores);
        print(json, RestoreResult.of(plans, ended), () -> RestoreWords.ended(plans, ended));
        return ended.stream().allMatch(it -> it.outcome() == Restore.Outcome.PASSED) ? 0 : 1;
    }

    /** Launches nothing, because this is a dry run or the plans lack something. */
    private int planned(
            List<RestorePlan> plans, List<MissingMapping> blanks, RestoreRequest request) {
        boolean whole = plans.stream().allMatch(RestorePlan::isWhole);
        print(
                json,
                RestoreResult.planned(plans, blanks, dryRun),
                () ->
                        whole
                                ? "Nothing was launched: this was a dry run.%n".formatted()
                                : RestoreWords.fill(
                                        plans.getFirst().image().region(),
                                        request.wish().mapping(),
                                        blanks));
        return whole ? 0 : 1;
    }

    private List<Image> images(Application app, RestoreRequest request) {
        RestorePlanner.future(request, app.clock().instant())
                .ifPresent(why -> {
                    throw nothing(why);
                });
        ServerSelection selection = ServerSelection.of(app, request, Duration.ofDays(newerThan));
        // Also with --json: whoever restores a fleet must see which servers are left out.
        PrintWriter shown = json ? err() : out();
        selection.leftOut().ifPresent(shown::println);
        shown.flush();
        return selection.images();
    }

    /**
     * Asks before launching a second server beside a living one, because both may write to the same
     * places. In the demo there is no such risk.
     */
    private boolean confirmed(List<RestorePlan> plans) {
        List<String> beside =
                plans.stream()
                        .flatMap(plan ->
                                plan.original().stream()
                                        .map(it ->
                                                "%s is %s in %s"
                                                        .formatted(
                                                                RestoreWords.called(plan.image()),
                                                                it.state(),
                                                                it.region())))
                        .toList();
        if (beside.isEmpty() || yes || deployment.isDemo()) {
            return true;
        }
        PrintWriter err = err();
        beside.stream().limit(SHOWN).forEach(err::println);
        if (beside.size() > SHOWN) {
            err.printf("... and %d more%n", beside.size() - SHOWN);
        }
        err.flush();
        if (screen().confirms(
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

    private RestoreRequest request(Restore.RestoreKind kind) {
        try {
            return new RestoreRequest(
                    // With --all there is no instance.
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
            throw mistake(String.valueOf(wrong.getMessage()));
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

    static UnusableException nothing(String why) {
        return new UnusableException("Nothing to restore: " + why + ".");
    }

    private List<Restore> follow(Application app, List<Restore> restores) {
        Fleet fleet = app.fleet(deployment.pause());
        try (ProgressBar bar = bar(1)) {
            return fleet.run(restores, again, now -> show(bar, now));
        }
    }

    private static void show(ProgressBar bar, Collection<Restore> now) {
        int launched = count(now, it -> it.launched().isPresent() || it.isOver());
        int running = count(now, it -> it.reached() != Restore.ProofLevel.NONE || it.isOver());
        int over = count(now, Restore::isOver);
        bar.show(
                (launched + running + over) / (3.0 * now.size()),
                "%d servers: %d launched, %d running, %d checked"
                        .formatted(now.size(), launched, running, over));
    }

    private static int count(Collection<Restore> restores, Function<Restore, Boolean> which) {
        return (int) restores.stream().filter(which::apply).count();
    }
}
