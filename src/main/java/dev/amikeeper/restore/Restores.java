package dev.amikeeper.restore;

import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.LaunchResult;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Moves restores and drills forward. Each call takes the next step of each, and waits for nothing.
 * Every step may be repeated, by anybody, at any time: EC2's client token and the instance's tag
 * ensure that one restore launches only one instance.
 *
 * <p>The class is long because it has one method for each step. The steps share the way in which
 * they wait, fail, and are saved, so they are best read together.
 */
public final class Restores {
    private static final Logger log = LoggerFactory.getLogger(Restores.class);

    /**
     * How long after its deadline a restore may be unreadable before people are told. By then
     * several tries have failed, so it is no longer a hiccup.
     */
    private static final Duration LATE = Duration.ofMinutes(15);

    /**
     * How long a restore waits at most for a blocker to end. AWS may take days to raise a quota.
     */
    private static final Duration BLOCKED_AT_MOST = Duration.ofDays(7);

    /** How much time a restore still has after its blocker ends. */
    private static final Duration AFTER_A_BLOCK = Duration.ofHours(1);

    private final Catalog catalog;
    private final Commands commands;
    private final ImageReads images;
    private final Launcher launcher;
    private final Leases leases;
    private final RestoreEnd end;
    private final Instant now;
    private final Blockers blockers;

    /** Takes steps at the given time. */
    public Restores(
            Catalog catalog,
            Commands commands,
            ImageReads images,
            Launcher launcher,
            Leases leases,
            RestoreEnd end,
            Instant now) {
        this.catalog = catalog;
        this.commands = commands;
        this.images = images;
        this.launcher = launcher;
        this.leases = leases;
        this.end = end;
        this.now = now;
        this.blockers = new Blockers(catalog);
    }

    /**
     * Takes the next step of each of these restores. A restore that is over stays as it is.
     *
     * @param timeLeft asked before each step
     * @return the state of each of them after that
     */
    public List<Restore> follow(Collection<Restore> open, BooleanSupplier timeLeft) {
        return follow(open, timeLeft, _ -> {});
    }

    /** Takes these steps and passes each result to the watcher. */
    List<Restore> follow(
            Collection<Restore> open, BooleanSupplier timeLeft, Consumer<Restore> watcher) {
        Map<Region, List<Restore>> byRegion =
                open.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Restore::region, TreeMap::new, Collectors.toList()));
        List<Restore> after = new ArrayList<>();
        byRegion.forEach((region, some) -> {
            try {
                RegionSight sight = look(region, some);
                for (Restore restore : some) {
                    Restore next = timeLeft.getAsBoolean() ? step(restore, sight) : restore;
                    watcher.accept(next);
                    after.add(next);
                }
            } catch (SdkException error) {
                String why = Fault.text(error);
                log.error("{}: restores cannot be followed: {}", region, why);
                Blocker.of(error, "ec2:DescribeInstances", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly())
                        .ifPresent(by -> blockers.tell(region, "restores and drills", by, now));
                some.forEach(restore -> tellIfLate(restore, why));
                after.addAll(some);
            }
        });
        return after;
    }

    private RegionSight look(Region region, List<Restore> restores) {
        List<Server> servers = launcher.servers(region);
        List<InstanceId> running =
                restores.stream()
                        .filter(restore -> restore.state() == Restore.RestoreState.CHECKING)
                        .flatMap(restore -> restore.instance().stream())
                        .toList();
        boolean launches =
                restores.stream().anyMatch(it -> it.state() == Restore.RestoreState.REQUESTED);
        return new RegionSight(
                servers,
                running.isEmpty() ? Map.of() : launcher.health(region, running),
                launches
                        ? images.ours(region).stream()
                                .collect(
                                        Collectors.toMap(
                                                Ami::id, Function.identity(), (one, again) -> one))
                        : Map.of());
    }

    private Restore step(Restore restore, RegionSight sight) {
        if (restore.isOver()) {
            return restore;
        }
        try {
            if (restore.kind() == Restore.RestoreKind.REPLACE_ROOT
                    && restore.state() != Restore.RestoreState.CHECKING) {
                return replace(restore, sight);
            }
            Optional<Server> server =
                    restore.kind() == Restore.RestoreKind.REPLACE_ROOT
                            ? Optional.empty()
                            : sight.server(restore);
            Optional<Server.Health> health = restore.instance().map(sight.health()::get);
            Optional<Server> left =
                    restore.kind() == Restore.RestoreKind.DRILL
                            ? sight.left(restore)
                            : Optional.empty();
            return switch (NextStep.of(restore, server, left, health, now)) {
                case NextStep.Wait _ -> restore;
                case NextStep.Save(Restore after) -> save(restore, after);
                case NextStep.LaunchServer _ -> launch(restore, sight);
                case NextStep.Command _ -> command(restore);
                case NextStep.Associate _ -> associate(restore);
                case NextStep.Terminate(Server ending) -> {
                    boolean ours = leases.terminate(ending, Optional.of(restore));
                    yield ours || restore.state() != Restore.RestoreState.ENDING
                            ? restore
                            : save(restore, restore.cleared(now));
                }
            };
        } catch (SdkException error) {
            log.warn("{}: {}", restore.id(), Fault.text(error));
            tellIfLate(restore, Fault.text(error));
            return restore;
        } catch (UnreadableItemException left) {
            log.warn("{}: {}", restore.id(), left.getMessage());
            return restore;
        }
    }

    /**
     * Reports a restore whose deadline has passed. Its state is unknown, and the notice says only
     * that.
     */
    private void tellIfLate(Restore restore, String why) {
        if (!now.isAfter(restore.until().plus(LATE))) {
            return;
        }
        try {
            catalog.note(
                    Notice.event(
                            Trouble.UNFOLLOWED.in(restore.region(), restore.tag()),
                            now,
                            restore.region()
                                    + ": how "
                                    + RestoreEnd.what(restore)
                                    + " stands is not known, and its time is over: "
                                    + why,
                            "it continues as soon as the Region answers; restore in another"
                                    + " Region meanwhile"));
        } catch (SdkException untold) {
            log.warn("{}: {}", restore.id(), Fault.text(untold));
        }
    }

    private Restore launch(Restore restore, RegionSight sight) {
        return begin(
                restore,
                sight,
                () ->
                        launcher.launch(
                                restore.region(),
                                restore.image(),
                                restore.as(),
                                restore.token(),
                                tags(restore),
                                itsDevices(restore)));
    }

    /** All volumes of a drill are deleted with its instance, whatever is set for the original's. */
    private List<String> itsDevices(Restore restore) {
        return restore.kind() == Restore.RestoreKind.DRILL
                ? images.devices(restore.region(), restore.image())
                : List.of();
    }

    /** Starts nothing from an image that is not good at that moment. */
    private Restore begin(Restore restore, RegionSight sight, Supplier<LaunchResult> begin) {
        return switch (fit(restore, sight)) {
            case Eligibility.Good _ -> begun(restore, begin.get());
            case Eligibility.NotYet(String why) -> waits(restore, why);
            case Eligibility.Never(String why) -> save(restore, restore.failed(why, now));
        };
    }

    private Restore begun(Restore restore, LaunchResult launch) {
        return switch (launch) {
            case LaunchResult.Launched(InstanceId id) -> {
                if (restore.kind() != Restore.RestoreKind.REPLACE_ROOT) {
                    blockers.succeeded(restore.region(), "ec2:RunInstances", now);
                }
                yield save(restore, restore.launching(id, now));
            }
            case LaunchResult.LaunchLater(String why) -> waits(restore, why);
            case LaunchResult.LaunchBlocked(Blocker by) -> blocked(restore, by);
            // A record that was lost used the token. The instance that it launched is found by its
            // tag, or has ended.
            case LaunchResult.TokenTaken(String why) ->
                    restore.kind() == Restore.RestoreKind.DRILL
                            ? save(restore, NextStep.anew(restore, now))
                            : waits(restore, why);
            case LaunchResult.NotLaunched(String why) -> save(restore, restore.failed(why, now));
        };
    }

    private Restore waits(Restore restore, String why) {
        log.warn("{} waits: {}", restore.id(), why);
        return restore.note().equals(why) ? restore : save(restore, restore.waiting(why));
    }

    /** People are told at once. A restore gets time until they have acted; a drill does not. */
    private Restore blocked(Restore restore, Blocker by) {
        blockers.tell(restore.region(), "launches", by, now);
        if (restore.kind() == Restore.RestoreKind.DRILL) {
            return waits(restore, by.why());
        }
        Instant most = restore.asked().plus(BLOCKED_AT_MOST);
        Instant until = now.plus(AFTER_A_BLOCK);
        boolean soonOver = restore.until().isBefore(now.plus(AFTER_A_BLOCK.dividedBy(2)));
        return soonOver && until.isBefore(most)
                ? save(restore, restore.waiting(by.why(), until))
                : waits(restore, by.why());
    }

    private static Map<String, String> tags(Restore restore) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(ImageTags.RESTORE, restore.tag());
        tags.put(
                ImageTags.RESTORED_FROM,
                new ImageRef(restore.region(), restore.image()).toString());
        if (restore.kind() == Restore.RestoreKind.DRILL) {
            tags.put(ImageTags.LEASE, restore.until().toString());
        }
        return ImageTags.ofServer(tags, restore.as().tags());
    }

    /**
     * Whether the image may be restored. A listing may be stale, so if it leaves a doubt, EC2 is
     * asked for the one image.
     */
    private Eligibility fit(Restore restore, RegionSight sight) {
        Optional<Image> record = catalog.find(restore.region(), restore.of());
        boolean removed =
                record.isEmpty()
                        && Optional.ofNullable(
                                        catalog.removed(restore.region(), List.of(restore.of()))
                                                .get(restore.of()))
                                .filter(it -> it.id().equals(Optional.of(restore.image())))
                                .isPresent();
        ImageLookup listed =
                Optional.ofNullable(sight.amis().get(restore.image()))
                        .<ImageLookup>map(ImageLookup.Shown::new)
                        .orElseGet(ImageLookup.NotShown::new);
        Eligibility byTheList = Eligibility.of(restore, record, removed, listed);
        return byTheList instanceof Eligibility.Good
                ? byTheList
                : Eligibility.of(
                        restore, record, removed, images.look(restore.region(), restore.image()));
    }

    private Restore replace(Restore restore, RegionSight sight) {
        InstanceId instance = restore.instance().orElseThrow();
        Optional<Launcher.Replacement> replacement =
                launcher.replacement(restore.region(), instance, restore.tag());
        boolean late = now.isAfter(restore.until());
        if (replacement.isEmpty()) {
            if (late) {
                return save(
                        restore,
                        restore.failed(
                                "the replacement was not begun in time" + NextStep.noted(restore),
                                now));
            }
            // A replacement that was begun may be too new to be shown.
            return restore.state() == Restore.RestoreState.REQUESTED
                    ? begin(
                            restore,
                            sight,
                            () ->
                                    launcher.replaceRoot(
                                            restore.region(),
                                            instance,
                                            restore.image(),
                                            restore.token(),
                                            restore.tag()))
                    : restore;
        }
        return switch (replacement.get()) {
            case PENDING -> {
                if (late) {
                    yield save(
                            restore,
                            restore.failed("EC2 did not end the replacement in time", now));
                }
                yield restore.state() == Restore.RestoreState.REQUESTED
                        ? save(restore, restore.launching(instance, now))
                        : restore;
            }
            case DONE -> save(restore, restore.checking(now));
            case FAILED ->
                    save(
                            restore,
                            restore.failed(
                                    "EC2 could not replace the root volume: the instance runs from"
                                            + " the old one",
                                    now));
            case DETACHED -> {
                tellOfNoRoot(restore, instance);
                yield save(
                        restore,
                        restore.failed(
                                "EC2 detached the root volume and could not attach another one: "
                                        + instance
                                        + " has no root volume now and does not run",
                                now));
            }
        };
    }

    private void tellOfNoRoot(Restore restore, InstanceId instance) {
        catalog.note(
                Notice.event(
                        Trouble.NO_ROOT.in(restore.region(), restore.tag()),
                        now,
                        "URGENT: %s: %s has no root volume: EC2 detached it to replace it and"
                                        .formatted(restore.region(), instance)
                                + " failed",
                        "stop %s; attach its old root volume, which is among the volumes that"
                                        .formatted(instance)
                                + " are available in its zone, as its root device; start"
                                + " it. Or launch a new server: ./keeper restore --instance"
                                + " "
                                + instance
                                + " --region "
                                + restore.region()));
    }

    /**
     * A server without its address is still back, so the notice about the address also says that
     * the server is back.
     */
    private Restore associate(Restore restore) {
        Launcher.Association association =
                launcher.associate(
                        restore.region(),
                        restore.instance().orElseThrow(),
                        restore.elasticIp().orElseThrow());
        return switch (association) {
            case Launcher.Association.Associated(String address) ->
                    save(restore, restore.passed("it has " + address, now));
            case Launcher.Association.NotAssociated(String why) -> withoutAddress(restore, why);
            case Launcher.Association.AssociateLater(String why) -> {
                log.warn("{} waits for its address: {}", restore.id(), why);
                yield now.isAfter(restore.until()) ? withoutAddress(restore, why) : restore;
            }
        };
    }

    private Restore withoutAddress(Restore restore, String why) {
        catalog.note(
                Notice.event(
                        Trouble.RESTORE_ADDRESS.in(restore.region(), restore.tag()),
                        now,
                        "%s: %s is back as %s, without its Elastic IP address: %s"
                                .formatted(
                                        restore.region(),
                                        restore.of().instance(),
                                        restore.instance().orElseThrow(),
                                        why),
                        "associate it by hand once it is free"));
        return save(restore, restore.passed(why, now));
    }

    private Restore command(Restore restore) {
        Commands.Result result =
                commands.run(
                        restore.region(),
                        restore.instance().orElseThrow(),
                        restore.command().orElseThrow());
        return switch (result) {
            case PENDING -> restore;
            case SUCCEEDED -> save(restore, restore.passed(now));
            case FAILED ->
                    save(
                            restore,
                            restore.failed(
                                    "the command " + restore.command().orElseThrow() + " failed",
                                    now));
        };
    }

    private Restore save(Restore before, Restore after) {
        boolean ends = hasEnded(after) && !hasEnded(before);
        if (ends) {
            // This comes first, because nobody follows a restore that has ended: if the function
            // dies before the save, the next step repeats it.
            end.settle(after);
        }
        if (catalog.save(before, after)) {
            return after;
        }
        Optional<Restore> stands = catalog.restore(before.id());
        if (ends) {
            // Somebody else was faster, and may have seen it end differently.
            stands.filter(Restores::hasEnded).ifPresent(end::settle);
        }
        return stands.orElse(before);
    }

    private static boolean hasEnded(Restore restore) {
        return restore.outcome() != Restore.Outcome.UNDER_WAY;
    }
}
