package dev.amikeeper.backup;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/**
 * The commands before and after images, in one Region. Only the Region's worker takes these steps,
 * so nobody else sends the same command. The worker does not wait for a command; it continues on
 * the command's event, the next tick, or the next sweep. Every freeze is recorded before its
 * command is sent. The record stays until the server is released, whatever becomes of the image and
 * even if a function dies in between.
 */
final class Freezes {
    private static final Logger log = LoggerFactory.getLogger(Freezes.class);

    /** How long it may take until a command that was sent is listed. */
    private static final Duration UNSEEN = Duration.ofMinutes(1);

    /** After this time, AMI Keeper no longer waits for a command to end. */
    private static final Duration LATE = Duration.ofHours(1);

    private static final int MOST_SENDS = 3;

    private final Catalog catalog;
    private final Commands commands;
    private final ImageReads images;
    private final Instances instances;
    private final Region region;
    private final Instant now;

    /** The servers that are being prepared, as last read and as this worker has begun since. */
    private final Queue<Freeze> open = new ConcurrentLinkedQueue<>();

    Freezes(
            Catalog catalog,
            Commands commands,
            ImageReads images,
            Instances instances,
            Region region,
            Instant now) {
        this.catalog = catalog;
        this.commands = commands;
        this.images = images;
        this.instances = instances;
        this.region = region;
        this.now = now;
    }

    /** Whether an image is to be started. */
    sealed interface Readiness {
        /** Start it now: the server is ready, or the policy wants the image anyway. */
        record Now() implements Readiness {}

        /** A command is in progress. */
        record CommandUnderWay(String why) implements Readiness {}

        /** The policy does not want an image of a server that is not ready. */
        record NotReady(String why) implements Readiness {}
    }

    /** Reads which servers are being prepared, for the images that come next. */
    void look() {
        open.clear();
        open.addAll(catalog.freezes(region));
    }

    /**
     * Takes the next step before the image of a running instance. Threads may do so for several
     * instances side by side, but not for one.
     */
    Readiness ready(Image intent, Policy.Around around) {
        Optional<Freeze> known =
                open.stream()
                        .filter(it -> it.name().instance().equals(intent.name().instance()))
                        .findFirst();
        if (known.isEmpty()) {
            return begin(intent, around);
        }
        Freeze freeze = known.get();
        if (!freeze.name().equals(intent.name())
                || freeze.attempt() != intent.attempt()
                || freeze.state() == Freeze.FreezeState.THAWING) {
            return new Readiness.CommandUnderWay(
                    "the commands around another image of it are under way");
        }
        try {
            return look(intent, around, freeze);
        } catch (SdkException error) {
            return now.isBefore(freeze.until())
                    ? new Readiness.CommandUnderWay(Fault.text(error, "ssm:ListCommandInvocations"))
                    : notReady(intent, around, Fault.text(error, "ssm:ListCommandInvocations"));
        }
    }

    private Readiness begin(Image intent, Policy.Around around) {
        InstanceId instance = intent.name().instance();
        try {
            if (!commands.takesCommands(region, instance)) {
                return notReady(intent, around, "its agent is not connected to Systems Manager");
            }
        } catch (SdkException error) {
            return notReady(intent, around, Fault.text(error, "ssm:DescribeInstanceInformation"));
        }
        Freeze freeze = Freeze.of(intent, around.before(), around.after(), now);
        open.add(freeze);
        return catalog.begin(freeze)
                ? freeze(intent, around, freeze)
                : new Readiness.CommandUnderWay("its record cannot be read or has just been made");
    }

    private Readiness freeze(Image intent, Policy.Around around, Freeze freeze) {
        try {
            commands.send(
                    region, intent.name().instance(), freeze.before(), freeze.beforeComment());
        } catch (SdkException error) {
            String why = Fault.text(error, "ssm:SendCommand");
            if (mayHaveBeenSent(error)) {
                log.warn("{} {}: {}", region, intent.name(), why);
                return new Readiness.CommandUnderWay(why);
            }
            catalog.end(freeze);
            open.removeIf(it -> it.name().equals(freeze.name()));
            return notReady(intent, around, why);
        }
        return new Readiness.CommandUnderWay(
                "the command " + freeze.before().document() + " is under way");
    }

    private static boolean mayHaveBeenSent(SdkException error) {
        return Fault.of(error).advice() == Fault.Advice.UNANSWERED;
    }

    private Readiness look(Image intent, Policy.Around around, Freeze freeze) {
        Optional<Commands.Result> result =
                commands.find(region, intent.name().instance(), freeze.beforeComment());
        boolean late = !now.isBefore(freeze.until());
        if (result.isEmpty() && !late && now.isAfter(freeze.sent().plus(UNSEEN))) {
            Freeze again = freeze.again(now);
            return catalog.save(freeze, again)
                    ? freeze(intent, around, again)
                    : new Readiness.CommandUnderWay("its record changed meanwhile");
        }
        Commands.Result seen = result.orElse(Commands.Result.PENDING);
        return switch (seen) {
            case SUCCEEDED -> new Readiness.Now();
            case FAILED ->
                    notReady(
                            intent,
                            around,
                            "the command " + freeze.before().document() + " failed");
            case PENDING -> {
                if (!late) {
                    yield new Readiness.CommandUnderWay(
                            "the command " + freeze.before().document() + " is under way");
                }
                cancel(freeze);
                yield notReady(
                        intent,
                        around,
                        "the command %s did not end within %d s"
                                .formatted(
                                        freeze.before().document(),
                                        freeze.before().within().toSeconds()));
            }
        };
    }

    /**
     * Cancels a command that is late, because it must not freeze the server after its image. The
     * code allows for the case that it still does.
     */
    private void cancel(Freeze freeze) {
        try {
            commands.cancel(region, freeze.name().instance(), freeze.beforeComment());
        } catch (SdkException error) {
            log.warn("{} {}: {}", region, freeze.name(), Fault.text(error, "ssm:CancelCommand"));
        }
    }

    /** Tells people once a day for each policy, however many servers it has. */
    private Readiness notReady(Image intent, Policy.Around around, String why) {
        String policy = intent.name().policy();
        log.warn("{} {} is not made ready: {}", region, intent.name(), why);
        catalog.note(
                Notice.event(
                        Trouble.UNFROZEN.in(
                                region, policy + "/" + now.atZone(ZoneOffset.UTC).toLocalDate()),
                        now,
                        "%s: policy %s could not make %s ready for its image%s: %s"
                                .formatted(
                                        region,
                                        policy,
                                        intent.name().instance(),
                                        around.orNoImage()
                                                ? ", so there is none"
                                                : ", which is made all the same",
                                        why),
                        "see the command "
                                + around.before().document()
                                + " in Systems Manager, and the agent and instance profile"
                                + " of the server; others may be affected, too"));
        return around.orNoImage() ? new Readiness.NotReady(why) : new Readiness.Now();
    }

    /**
     * Releases the servers that need not be held any longer. This comes after the images that could
     * be started.
     *
     * @param timeLeft asked before each step
     */
    void thaw(BooleanSupplier timeLeft) {
        for (Freeze freeze : catalog.freezes(region)) {
            if (!timeLeft.getAsBoolean()) {
                return;
            }
            try {
                thaw(freeze);
            } catch (SdkException error) {
                log.warn("{} {}: {}", region, freeze.name(), Fault.text(error));
            }
        }
    }

    private void thaw(Freeze freeze) {
        switch (freeze.state()) {
            case FREEZING -> {
                if (!isStillNeeded(freeze)) {
                    letGo(freeze);
                }
            }
            case THAWING -> follow(freeze);
        }
    }

    /**
     * A freeze is needed until its image is started and EC2 shows the snapshots of what was then on
     * the disks.
     */
    private boolean isStillNeeded(Freeze freeze) {
        if (!now.isBefore(freeze.until())) {
            return false;
        }
        Optional<Image> image;
        try {
            image = catalog.find(region, freeze.name());
        } catch (UnreadableItemException unknown) {
            return true;
        }
        if (image.isEmpty() || image.get().attempt() != freeze.attempt()) {
            return false;
        }
        return switch (image.get().state()) {
            case REQUESTED -> true;
            case CREATING -> !hasItsSnapshots(image.get());
            case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING, FAILED -> false;
        };
    }

    private boolean hasItsSnapshots(Image image) {
        ImageId id = image.id().orElseThrow();
        Optional<Ami> ami = Optional.ofNullable(images.find(region, List.of(id)).get(id));
        return ami.filter(it ->
                        it.state() != AmiState.PENDING || it.snapshots().size() >= image.volumes())
                .isPresent();
    }

    private void letGo(Freeze freeze) {
        boolean early =
                commands.find(region, freeze.name().instance(), freeze.beforeComment())
                        .filter(result -> result != Commands.Result.PENDING)
                        .isEmpty();
        if (early) {
            cancel(freeze);
        }
        if (freeze.after().isEmpty()) {
            catalog.end(freeze);
            return;
        }
        send(freeze, freeze.thawing(early, now));
    }

    private void send(Freeze before, Freeze freeze) {
        if (!catalog.save(before, freeze)) {
            return;
        }
        try {
            commands.send(
                    region,
                    freeze.name().instance(),
                    freeze.after().orElseThrow(),
                    freeze.afterComment());
        } catch (SdkException error) {
            // In that case it is not listed, and is sent again.
            log.warn("{} {}: {}", region, freeze.name(), Fault.text(error, "ssm:SendCommand"));
        }
    }

    private void follow(Freeze freeze) {
        InstanceId instance = freeze.name().instance();
        Optional<Commands.Result> after = commands.find(region, instance, freeze.afterComment());
        boolean unseen = after.isEmpty() && !now.isAfter(freeze.sent().plus(UNSEEN));
        Duration within = freeze.after().map(ServerCommand::within).orElse(Duration.ZERO);
        boolean slow = !now.isAfter(freeze.sent().plus(within));
        switch (after.orElse(Commands.Result.PENDING)) {
            case SUCCEEDED -> succeeded(freeze, instance);
            case FAILED -> again(freeze, "it failed");
            case PENDING -> {
                if (!unseen && (after.isEmpty() || !slow)) {
                    again(freeze, after.isEmpty() ? "it could not be sent" : "it did not end");
                }
            }
        }
    }

    /** If a slow command froze the server after that, the server is released again. */
    private void succeeded(Freeze freeze, InstanceId instance) {
        boolean late = now.isAfter(freeze.until().plus(LATE));
        if (!freeze.early() || late) {
            catalog.end(freeze);
            return;
        }
        Optional<Commands.Result> before = commands.find(region, instance, freeze.beforeComment());
        if (before.isEmpty()) {
            catalog.end(freeze);
        } else if (before.get() != Commands.Result.PENDING) {
            send(freeze, freeze.thawing(false, now));
        }
    }

    private void again(Freeze freeze, String why) {
        InstanceId instance = freeze.name().instance();
        boolean runs =
                instances.find(region, List.of(instance)).stream()
                        .anyMatch(it -> it.state().equals("running"));
        if (runs && freeze.sends() < MOST_SENDS) {
            send(freeze, freeze.thawing(freeze.early(), now));
            return;
        }
        if (runs) {
            catalog.note(
                    Notice.event(
                            Trouble.UNTHAWED.in(region, freeze.name()),
                            now,
                            "%s: the command %s after the image of %s did not succeed, %d times: %s"
                                    .formatted(
                                            region,
                                            freeze.after().orElseThrow().document(),
                                            instance,
                                            freeze.sends(),
                                            why),
                            "the server may still be frozen: run the command by hand"));
        }
        catalog.end(freeze);
    }
}
