package dev.amikeeper.simulation;

import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.simulation.Simulation.SimulatedServer;

import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Volume;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;
import software.amazon.awssdk.services.ssm.model.CommandInvocationStatus;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What becomes of servers: restores and drills end, commands let servers go, and none is
 * terminated.
 */
final class ServerInvariants {
    private static final String LEASES = "9 no drill outlives its lease";
    private static final String SERVERS = "12 no server is ended";
    private static final String LET_GO = "13 every server is let go";
    private static final String RESTORES = "11 every restore ends";

    /** How much later than its timeout a restore may end. */
    private static final Duration LATE = Duration.ofHours(1);

    /**
     * How long a server may still be held at the end: two idle hours are skipped before it is let
     * go.
     */
    private static final Duration HELD = Duration.ofHours(3);

    private final Aftermath aftermath;
    private final Simulation play;
    private final List<Violation> violations = new ArrayList<>();

    ServerInvariants(Aftermath aftermath) {
        this.aftermath = aftermath;
        play = aftermath.play();
    }

    List<Violation> violations() {
        everyRestoreEnded();
        noDrillIsLeft();
        noServerIsEnded();
        everyServerIsLetGo();
        return violations;
    }

    private void violated(String invariant, String what) {
        violations.add(new Violation(invariant, what));
    }

    /** Every restore that was asked for ended, or people know why not. */
    private void everyRestoreEnded() {
        List<Restore> all =
                play.policyNames().stream()
                        .flatMap(policy -> play.catalog().restores(policy).stream())
                        .toList();
        for (Operators.Wanted wanted : play.operators().wanted()) {
            boolean judged = wanted.at().isAfter(play.operators().recordsLost());
            if (judged && !isMet(wanted, all)) {
                violated(
                        RESTORES,
                        "request %d for %s at %s came to nothing, and nobody was told"
                                .formatted(wanted.request(), wanted.server().id(), wanted.at()));
            }
        }
        for (Restore restore : all) {
            if (restore.isOver()) {
                over(restore, all);
            } else if (restore.until().plus(LATE).isBefore(aftermath.end())) {
                violated(
                        RESTORES,
                        "%s is %s since %s"
                                .formatted(restore.id(), restore.state(), restore.since()));
            }
        }
        for (Restore restore : play.catalog().restoring()) {
            if (!all.contains(restore)) {
                violated(RESTORES, restore.id() + " is under way, by a record that is not its own");
            }
        }
    }

    private void over(Restore restore, List<Restore> all) {
        switch (restore.outcome()) {
            case PASSED -> passed(restore);
            case FAILED -> {
                if (!isFailureTold(restore, all)) {
                    violated(
                            RESTORES,
                            "%s failed, and nobody was told: %s"
                                    .formatted(restore.id(), restore.note()));
                }
            }
            case UNDER_WAY ->
                    violated(RESTORES, restore.id() + " is over, and nobody knows what came of it");
        }
    }

    /** The server of a restore that passed runs with good checks. */
    private void passed(Restore restore) {
        if (restore.kind() != Restore.RestoreKind.LAUNCH) {
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

    /** A later drill that passes ends the report of a server's failed drills. */
    private boolean isFailureTold(Restore restore, List<Restore> all) {
        if (restore.kind() != Restore.RestoreKind.DRILL) {
            return aftermath.told().isTold(Trouble.RESTORE.in(restore.region(), restore.id()));
        }
        NoticeKey key =
                Trouble.DRILL.in(
                        restore.region(), restore.of().policy() + "/" + restore.of().instance());
        return aftermath.told().isTold(key)
                || all.stream()
                        .filter(it -> it.kind() == Restore.RestoreKind.DRILL)
                        .filter(it -> it.outcome() == Restore.Outcome.PASSED)
                        .filter(it -> it.region().equals(restore.region()))
                        .filter(it -> it.of().policy().equals(restore.of().policy()))
                        .filter(it -> it.of().instance().equals(restore.of().instance()))
                        .anyMatch(it -> !it.since().isBefore(restore.since()));
    }

    private boolean isMet(Operators.Wanted wanted, List<Restore> all) {
        String instance = wanted.server().id();
        String event = Sha256.of(wanted.event()).substring(0, 12);
        return play.isDeadLetter(wanted.event())
                || aftermath.told().isTold(Trouble.RESTORE_REQUEST.of(instance, event))
                || all.stream()
                        .filter(it -> it.of().instance().value().equals(instance))
                        .anyMatch(it -> it.id().endsWith("/restore-" + event));
    }

    private void noDrillIsLeft() {
        for (LaunchWitness.LaunchSeen one : play.witness().launches().launched()) {
            boolean over =
                    one.lease().filter(it -> it.plus(LATE).isBefore(aftermath.end())).isPresent();
            if (over && play.witness().launches().isAlive(one)) {
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

    /** Only people terminate a server, whatever its tags say. */
    private void noServerIsEnded() {
        for (SimulatedServer server : play.people().fleet()) {
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

    /**
     * A running server that was frozen for an image is let go, whatever became of the image and the
     * command, or people know that it may not be. A server that could not be frozen is imaged or
     * given up as its policy says.
     */
    private void everyServerIsLetGo() {
        for (String region : HistoryGenerator.REGIONS) {
            play.catalog().freezes(new Region(region)).stream()
                    .filter(it -> it.sent().plus(HELD).isBefore(aftermath.end()))
                    .forEach(it ->
                            violated(
                                    LET_GO,
                                    Aftermath.key(region, it.name().toString()) + " is held"));
        }
        for (SimulatedServer server : play.people().fleet()) {
            List<CommandInvocation> commands = play.commands(server);
            commands.stream()
                    .filter(it -> it.documentName().equals(PolicyModel.Freezing.BEFORE))
                    .filter(it -> it.requestedDateTime().plus(HELD).isBefore(aftermath.end()))
                    .filter(it -> runsSince(server, it.requestedDateTime()))
                    .filter(it -> rulesOf(it).stream().allMatch(PolicyModel.Freezing::thaws))
                    .filter(it -> !isLetGo(server, it, commands))
                    .forEach(it ->
                            violated(
                                    LET_GO,
                                    "%s after \"%s\"".formatted(server.id(), it.comment())));
        }
        for (Image image : aftermath.records().values()) {
            boolean forWant =
                    image.state() == ImageState.FAILED
                            && !image.isCopy()
                            && image.note().contains("the command " + PolicyModel.Freezing.BEFORE);
            if (forWant && rulesOf(image.name().policy()).stream().noneMatch(it -> it.giveUp())) {
                violated(LET_GO, image.name() + " was given up, though its policy wants it");
            }
        }
    }

    private static boolean runsSince(SimulatedServer server, Instant from) {
        return server.changes().stream()
                .filter(it -> it.at().isAfter(from.minus(Aftermath.UNSURE)))
                .allMatch(it -> it.state().equals("running"));
    }

    /** The policy is in the comment: {@code amikeeper before policy slot time}. */
    private List<PolicyModel.Freezing> rulesOf(CommandInvocation before) {
        return rulesOf(before.comment().split(" ", -1)[2]);
    }

    /** What the policy's versions ever said about the commands around images. */
    private List<PolicyModel.Freezing> rulesOf(String policy) {
        return play.versions().stream()
                .flatMap(version -> version.rules().stream())
                .filter(rules -> rules.name().equals(policy))
                .flatMap(rules -> rules.freeze().stream())
                .toList();
    }

    private boolean isLetGo(
            SimulatedServer server, CommandInvocation before, List<CommandInvocation> commands) {
        String[] words = before.comment().split(" ", -1);
        String after = before.comment().replace(" before ", " after ") + ".";
        String name = "%s/%s/%s".formatted(words[2], server.id(), words[3].replace(':', '.'));
        return commands.stream()
                        .filter(it -> it.comment().startsWith(after))
                        .filter(it -> !it.requestedDateTime().isBefore(before.requestedDateTime()))
                        .anyMatch(it -> it.status() == CommandInvocationStatus.SUCCESS)
                || aftermath.told().isTold(Trouble.UNTHAWED.of(server.region(), name));
    }
}
