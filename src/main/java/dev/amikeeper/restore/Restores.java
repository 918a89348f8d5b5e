package dev.amikeeper.restore;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.ec2.Answer;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Launch;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Takes restores and drills on: each call makes the next step of each, and waits for nothing. Every
 * step may be repeated, by anybody, at any time: EC2's client token and the instance's tag see to
 * it that one restore launches one instance.
 */
public final class Restores {
    private static final Logger log = LoggerFactory.getLogger(Restores.class);

    private final Application app;
    private final Instant now;

    /** Steps that are made at this time. */
    public Restores(Application app, Instant now) {
        this.app = app;
        this.now = now;
    }

    /**
     * Makes the next step of each of these.
     *
     * @param timeLeft asked before each step
     * @return how each of them stands after that
     */
    public List<Restore> follow(Collection<Restore> open, BooleanSupplier timeLeft) {
        return follow(open, timeLeft, _ -> {});
    }

    /** The same, telling of each step. */
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
                Sight sight = look(region, some);
                for (Restore restore : some) {
                    Restore next = timeLeft.getAsBoolean() ? step(restore, sight) : restore;
                    watcher.accept(next);
                    after.add(next);
                }
            } catch (SdkException error) {
                log.error("{}: restores cannot be followed: {}", region, Fault.text(error));
                after.addAll(some);
            }
        });
        return after;
    }

    /** What EC2 shows of a Region, read once for all restores there. */
    private record Sight(
            Map<String, Server> servers,
            Map<InstanceId, Server.Health> health,
            Map<ImageId, Ami> amis) {}

    private Sight look(Region region, List<Restore> restores) {
        Map<String, Server> servers =
                app.launcher().servers(region).stream()
                        .collect(
                                Collectors.toMap(
                                        server -> server.tags().getOrDefault(ImageTags.RESTORE, ""),
                                        Function.identity(),
                                        (one, other) -> one));
        List<InstanceId> running =
                restores.stream()
                        .filter(restore -> restore.state() == Restore.State.CHECKING)
                        .flatMap(restore -> restore.instance().stream())
                        .toList();
        boolean launches = restores.stream().anyMatch(it -> it.state() == Restore.State.REQUESTED);
        return new Sight(
                servers,
                running.isEmpty() ? Map.of() : app.launcher().health(region, running),
                launches
                        ? app.images().ours(region).stream()
                                .collect(
                                        Collectors.toMap(
                                                Ami::id, Function.identity(), (one, again) -> one))
                        : Map.of());
    }

    private Restore step(Restore restore, Sight sight) {
        try {
            if (restore.kind() == Restore.Kind.REPLACE_ROOT
                    && restore.state() != Restore.State.CHECKING) {
                return replace(restore, sight);
            }
            Optional<Server> server =
                    restore.kind() == Restore.Kind.REPLACE_ROOT
                            ? Optional.empty()
                            : Optional.ofNullable(sight.servers().get(restore.tag()));
            Optional<Server.Health> health = restore.instance().map(sight.health()::get);
            return switch (Next.of(restore, server, health, now)) {
                case Next.Wait _ -> restore;
                case Next.Save(Restore after) -> save(restore, after);
                case Next.Launch _ -> launch(restore, sight);
                case Next.Command _ -> command(restore);
                case Next.Associate _ -> associate(restore);
                case Next.Terminate _ -> terminate(restore, server.orElseThrow());
            };
        } catch (SdkException error) {
            log.warn("{}: {}", restore.id(), Fault.text(error));
            return restore;
        }
    }

    private Restore launch(Restore restore, Sight sight) {
        Optional<String> unfit = unfit(restore, sight);
        if (unfit.isPresent()) {
            return save(restore, restore.failed(unfit.get(), now));
        }
        return launched(
                restore,
                app.launcher()
                        .launch(
                                restore.region(),
                                restore.image(),
                                restore.as(),
                                restore.token(),
                                tags(restore)));
    }

    private Restore launched(Restore restore, Launch launch) {
        return switch (launch) {
            case Launch.Launched(InstanceId id) -> save(restore, restore.launching(id, now));
            case Launch.Later(String why) -> {
                log.warn("{} waits: {}", restore.id(), why);
                yield restore.note().equals(why) ? restore : save(restore, restore.waiting(why));
            }
            case Launch.Refused(String why) -> save(restore, restore.failed(why, now));
        };
    }

    private static Map<String, String> tags(Restore restore) {
        Map<String, String> tags = new HashMap<>(restore.as().tags());
        tags.put(ImageTags.RESTORE, restore.tag());
        tags.put(
                ImageTags.RESTORED_FROM,
                new ImageRef(restore.region(), restore.image()).toString());
        if (restore.kind() == Restore.Kind.DRILL) {
            tags.put(ImageTags.LEASE, restore.until().toString());
        }
        return tags;
    }

    /** Nothing is launched from an image that is not good, by the catalogue and by EC2. */
    private Optional<String> unfit(Restore restore, Sight sight) {
        boolean known =
                app.catalog()
                        .find(restore.region(), restore.of())
                        .filter(Image::isGood)
                        .flatMap(Image::id)
                        .filter(restore.image()::equals)
                        .isPresent();
        boolean there =
                Optional.ofNullable(sight.amis().get(restore.image()))
                        .filter(ami -> ami.state().equals("available"))
                        .flatMap(ami -> ImageTags.name(ami.tags()))
                        .filter(restore.of()::equals)
                        .isPresent();
        return known && there
                ? Optional.empty()
                : Optional.of(restore.image() + " is not a good image any more");
    }

    private Restore replace(Restore restore, Sight sight) {
        InstanceId instance = restore.instance().orElseThrow();
        Optional<Launcher.Replacement> replacement =
                app.launcher().replacement(restore.region(), instance, restore.tag());
        if (replacement.isEmpty()) {
            if (now.isAfter(restore.until())) {
                return save(restore, restore.failed("the replacement was not begun in time", now));
            }
            Optional<String> unfit = unfit(restore, sight);
            if (unfit.isPresent()) {
                return save(restore, restore.failed(unfit.get(), now));
            }
            return restore.state() == Restore.State.REQUESTED
                    ? launched(
                            restore,
                            app.launcher()
                                    .replaceRoot(
                                            restore.region(),
                                            instance,
                                            restore.image(),
                                            restore.token(),
                                            restore.tag()))
                    : restore;
        }
        return switch (replacement.get()) {
            case PENDING ->
                    restore.state() == Restore.State.REQUESTED
                            ? save(restore, restore.launching(instance, now))
                            : restore;
            case DONE -> save(restore, restore.checking(now));
            case FAILED ->
                    save(
                            restore,
                            restore.failed(
                                    "EC2 could not replace the root volume: the instance runs from"
                                            + " the old one",
                                    now));
        };
    }

    /** A server without its address is back all the same: what became of it is told with that. */
    private Restore associate(Restore restore) {
        Launcher.Association association =
                app.launcher()
                        .associate(
                                restore.region(),
                                restore.instance().orElseThrow(),
                                restore.elasticIp().orElseThrow());
        return switch (association) {
            case Launcher.Association.Done(String address) ->
                    save(restore, restore.passed("it has " + address, now));
            case Launcher.Association.Left(String why) -> withoutAddress(restore, why);
            case Launcher.Association.Later(String why) -> {
                log.warn("{} waits for its address: {}", restore.id(), why);
                yield now.isAfter(restore.until()) ? withoutAddress(restore, why) : restore;
            }
        };
    }

    private Restore withoutAddress(Restore restore, String why) {
        app.catalog()
                .note(
                        Notice.event(
                                "restore-address/" + restore.region() + "/" + restore.tag(),
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
                app.commands()
                        .run(
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

    private Restore terminate(Restore restore, Server server) {
        if (!server.state().equals("shutting-down")
                && app.launcher().terminate(restore.region(), server.id())
                        instanceof Answer.Refused(String why)) {
            app.catalog()
                    .note(
                            Notice.event(
                                    "lease/" + restore.region() + "/" + server.id(),
                                    now,
                                    restore.region()
                                            + ": the instance "
                                            + server.id()
                                            + " of a drill could not be terminated: "
                                            + why,
                                    "it is tried again; see that it ends"));
        }
        return restore;
    }

    private Restore save(Restore before, Restore after) {
        boolean ends = after.ended().isPresent() && before.ended().isEmpty();
        if (ends) {
            // First, for nobody takes on what has ended: whoever dies in between does it again.
            end(after);
        }
        if (app.catalog().save(before, after)) {
            return after;
        }
        Optional<Restore> stands = app.catalog().restore(before.id());
        if (ends) {
            // Somebody else was faster, and may have seen it end otherwise.
            stands.filter(it -> it.ended().isPresent()).ifPresent(this::end);
        }
        return stands.orElse(before);
    }

    /** What follows from how it ended; may be repeated. */
    private void end(Restore restore) {
        String trouble = trouble(restore);
        if (restore.hasPassed()) {
            log.info("{}: {} passed", restore.region(), restore.id());
            app.catalog().resolve(trouble, now);
            app.catalog()
                    .find(restore.region(), restore.of())
                    .filter(image -> image.id().equals(Optional.of(restore.image())))
                    .ifPresent(image -> app.catalog().save(Change.of(image, image.proven(now))));
            return;
        }
        log.error("{}: {} failed: {}", restore.region(), restore.id(), restore.note());
        String what = restore.kind() == Restore.Kind.DRILL ? "the drill of " : "the restore of ";
        String text =
                restore.region()
                        + ": "
                        + what
                        + restore.of().instance()
                        + " from "
                        + restore.image()
                        + " ("
                        + restore.of().slot()
                        + ") failed: "
                        + restore.note();
        app.catalog()
                .note(
                        restore.kind() == Restore.Kind.DRILL
                                ? new Notice(trouble, now, text, afterADrill(restore), true)
                                : Notice.event(trouble, now, text, afterARestore(restore)));
    }

    private static String afterADrill(Restore restore) {
        return "./keeper restore --instance "
                + restore.of().instance()
                + " --region "
                + restore.region()
                + " --dry-run shows what a restore would do; mend the cause, a later drill that"
                + " passes ends this";
    }

    private static String afterARestore(Restore restore) {
        return restore.instance().map(id -> "look at " + id + "; then ").orElse("")
                + "try again, or an older image with --at";
    }

    private static String trouble(Restore restore) {
        return restore.kind() == Restore.Kind.DRILL
                ? "drill/"
                        + restore.region()
                        + "/"
                        + restore.of().policy()
                        + "/"
                        + restore.of().instance()
                : "restore/" + restore.region() + "/" + restore.tag();
    }

    /**
     * Terminates the instances of drills whose lease is over, whatever became of their records.
     *
     * @return how many there were
     * @throws SdkException if the Region does not answer
     */
    public int endLeases(Region region) {
        List<Server> over =
                app.launcher().servers(region).stream()
                        .filter(server ->
                                !Set.of("shutting-down", "terminated").contains(server.state()))
                        .filter(server -> isOver(server, now))
                        .toList();
        over.forEach(server -> {
            log.warn("{}: the lease of {} is over", region, server.id());
            app.launcher().terminate(region, server.id());
        });
        return over.size();
    }

    static boolean isOver(Server server, Instant now) {
        String lease = server.tags().get(ImageTags.LEASE);
        if (lease == null) {
            return false;
        }
        try {
            return Instant.parse(lease).isBefore(now);
        } catch (DateTimeException edited) {
            // Whoever edited the tag wants something else than a drill.
            return false;
        }
    }
}
