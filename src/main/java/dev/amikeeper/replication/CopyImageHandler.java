package dev.amikeeper.replication;

import static java.util.Objects.requireNonNull;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Start;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.queue.Slices;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Starts the waiting copies to a Region while there is room among its snapshot copies in flight.
 * What finds no room stays waiting and costs no try; every copy that ends makes room and kicks.
 */
public final class CopyImageHandler
        implements RequestHandler<Map<String, Object>, CopyImageReport> {
    private static final Logger log = LoggerFactory.getLogger(CopyImageHandler.class);

    /** More than there is ever room for at once. */
    private static final int AT_ONCE = 200;

    private final Application app;
    private final Settlement settlement;

    /** As Lambda makes it. */
    public CopyImageHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public CopyImageHandler(Application app) {
        this.app = app;
        this.settlement = new Settlement(app);
    }

    @Override
    public CopyImageReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(context, () -> new Batch().run(input, context));
    }

    private enum Next {
        ON,
        STOP
    }

    /** The home images of waiting copies, as far as their Regions answer. */
    private record Homes(Map<ImageRef, Ami> found, Set<Region> unreachable) {}

    /** One batch of kicks. */
    private final class Batch {
        private int started;
        private int adopted;
        private int again;
        private int failed;
        private int waiting;

        CopyImageReport run(Map<String, Object> input, Context context) {
            Slices.Outcome outcome =
                    Slices.run(
                            app,
                            "CopyImageFunction",
                            input,
                            context,
                            this::work,
                            app.kicks()::copy);
            return new CopyImageReport(
                    started,
                    adopted,
                    again,
                    failed,
                    waiting,
                    outcome.malformed(),
                    outcome.failures());
        }

        private boolean work(Region region, Instant now, BooleanSupplier timeLeft) {
            int limit = AT_ONCE;
            List<Image> due = app.catalog().work(region, Work.COPY_WAITING, now, limit);
            Homes homes = homes(due);
            while (due.size() == limit && homes.found.isEmpty()) {
                // All of these wait for Regions that do not answer: look behind them.
                limit *= 4;
                due = app.catalog().work(region, Work.COPY_WAITING, now, limit);
                homes = homes(due);
            }
            if (due.isEmpty()) {
                return false;
            }
            List<Image> possible = new ArrayList<>();
            for (Image copy : due) {
                ImageRef home = copy.home().orElseThrow();
                Optional<String> never = never(copy, homes);
                if (never.isPresent()) {
                    count(settlement.giveUp(copy, never.get(), now));
                } else if (!homes.found.containsKey(home)) {
                    waiting++;
                } else {
                    possible.add(copy);
                }
            }
            Map<ImageRef, Ami> found = homes.found;
            ReplicationPlan plan =
                    ReplicationPlan.of(
                            possible,
                            copy -> homeOf(copy, found).snapshots().size(),
                            app.catalog().copiesInFlight(region));
            waiting += plan.waiting().size();
            for (Image copy : plan.start()) {
                if (!timeLeft.getAsBoolean()) {
                    return true;
                }
                Ami home = homeOf(copy, found);
                switch (start(copy, home, now)) {
                    case ON -> {}
                    case STOP -> {
                        return false;
                    }
                }
            }
            // What failed made no use of its room.
            return plan.start().size() > started + adopted && !plan.waiting().isEmpty();
        }

        private Homes homes(List<Image> copies) {
            Map<Region, List<ImageId>> ids = new TreeMap<>();
            for (Image copy : copies) {
                ImageRef home = copy.home().orElseThrow();
                ids.computeIfAbsent(home.region(), r -> new ArrayList<>()).add(home.id());
            }
            Map<ImageRef, Ami> found = new HashMap<>();
            Set<Region> unreachable = new HashSet<>();
            ids.forEach((region, wanted) -> {
                try {
                    app.images()
                            .find(region, wanted)
                            .forEach((id, ami) -> found.put(new ImageRef(region, id), ami));
                } catch (SdkException error) {
                    log.error("{}: images cannot be read: {}", region, Fault.text(error));
                    unreachable.add(region);
                }
            });
            return new Homes(found, unreachable);
        }

        private static Ami homeOf(Image copy, Map<ImageRef, Ami> found) {
            return requireNonNull(found.get(copy.home().orElseThrow()));
        }

        /** Why this copy can never be made; empty if it can. */
        private Optional<String> never(Image copy, Homes homes) {
            ImageRef home = copy.home().orElseThrow();
            Optional<Policy> policy = app.policies().find(copy.name().policy());
            if (policy.isEmpty()) {
                return Optional.of("its policy is no longer in the file");
            }
            if (!policy.get().replicate().containsKey(copy.region())) {
                return Optional.of("its policy no longer replicates to " + copy.region());
            }
            if (!homes.unreachable.contains(home.region())
                    && !homes.found.containsKey(home)
                    && isGone(copy, home)) {
                return Optional.of("the home image " + home + " is gone");
            }
            return Optional.empty();
        }

        /** What EC2 does not show may be too new; what is not recorded any more is gone. */
        private boolean isGone(Image copy, ImageRef home) {
            boolean recorded =
                    app.catalog()
                            .find(home.region(), copy.name())
                            .filter(image -> image.id().equals(Optional.of(home.id())))
                            .isPresent();
            try {
                return !recorded || app.images().isGone(home.region(), home.id());
            } catch (SdkException error) {
                log.warn("{} cannot be looked at: {}", home, Fault.text(error));
                return false;
            }
        }

        private Next start(Image copy, Ami home, Instant now) {
            Policy policy = app.policies().find(copy.name().policy()).orElseThrow();
            Policy.Replica how = requireNonNull(policy.replicate().get(copy.region()));
            return switch (app.images().copy(copy, home.tags(), how)) {
                case Start.Started(var id) -> {
                    started++;
                    app.catalog()
                            .save(Change.of(copy, copy.started(id, home.snapshots().size(), now)));
                    yield Next.ON;
                }
                case Start.Adopted(Ami ami) -> {
                    adopted++;
                    adopt(copy, ami, now);
                    yield Next.ON;
                }
                case Start.Later(String why) -> {
                    log.info("{} {} waits: {}", copy.region(), copy.name(), why);
                    waiting++;
                    yield Next.ON;
                }
                case Start.Stop(String why) -> {
                    log.warn("{}: copying stops here and goes on later: {}", copy.region(), why);
                    waiting++;
                    yield Next.STOP;
                }
                case Start.Failed(String why) -> count(settlement.tryFailed(copy, why, now));
                case Start.Impossible(String why) -> count(settlement.giveUp(copy, why, now));
            };
        }

        private void adopt(Image copy, Ami ami, Instant now) {
            Image image = copy.started(ami.id(), ami.snapshots().size(), now);
            if (app.catalog().save(Change.of(copy, image)) && ami.state().equals("available")) {
                settlement.available(image, now);
            }
        }

        private Next count(Settlement.Step step) {
            switch (step) {
                case AGAIN -> again++;
                case FAILED -> failed++;
                case AVAILABLE, CHANGED_BY_OTHERS, NOTHING -> {}
            }
            return Next.ON;
        }
    }
}
