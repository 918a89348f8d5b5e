package dev.amikeeper.backup;

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
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.queue.Slices;
import dev.amikeeper.replication.Settlement;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Starts a Region's waiting images, oldest slot first. What cannot be started now stays waiting;
 * one image's trouble stops no other.
 */
public final class CreateImageHandler
        implements RequestHandler<Map<String, Object>, CreateImageReport> {
    private static final Logger log = LoggerFactory.getLogger(CreateImageHandler.class);

    /** Few enough that what is read of the instances is not old when it is used. */
    private static final int AT_ONCE = 100;

    private final Application app;
    private final Settlement settlement;

    /** As Lambda makes it. */
    public CreateImageHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public CreateImageHandler(Application app) {
        this.app = app;
        this.settlement = new Settlement(app);
    }

    @Override
    public CreateImageReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(context, () -> new Batch().run(input, context));
    }

    private enum Next {
        ON,
        STOP
    }

    /** One batch of kicks. */
    private final class Batch {
        private int started;
        private int adopted;
        private int again;
        private int failed;
        private int waiting;

        CreateImageReport run(Map<String, Object> input, Context context) {
            Slices.Outcome outcome =
                    Slices.run(
                            app,
                            "CreateImageFunction",
                            input,
                            context,
                            this::work,
                            app.kicks()::create);
            return new CreateImageReport(
                    started,
                    adopted,
                    again,
                    failed,
                    waiting,
                    outcome.malformed(),
                    outcome.failures());
        }

        private boolean work(Region region, Instant now, BooleanSupplier timeLeft) {
            Set<ImageName> tried = new HashSet<>();
            while (true) {
                List<Image> intents =
                        app
                                .catalog()
                                .work(region, Work.CREATE_WAITING, now, AT_ONCE + tried.size())
                                .stream()
                                .filter(intent -> !tried.contains(intent.name()))
                                .limit(AT_ONCE)
                                .toList();
                if (intents.isEmpty()) {
                    return false;
                }
                Map<InstanceId, Instance> instances;
                try {
                    instances = instances(region, intents);
                } catch (SdkException error) {
                    log.error("{}: instances cannot be read: {}", region, Fault.text(error));
                    waiting += intents.size();
                    return false;
                }
                for (Image intent : intents) {
                    if (!timeLeft.getAsBoolean()) {
                        return true;
                    }
                    tried.add(intent.name());
                    Optional<Instance> instance =
                            Optional.ofNullable(instances.get(intent.name().instance()));
                    switch (start(intent, instance, now)) {
                        case ON -> {}
                        case STOP -> {
                            return false;
                        }
                    }
                }
            }
        }

        private Map<InstanceId, Instance> instances(Region region, List<Image> intents) {
            return app
                    .instances()
                    .find(region, intents.stream().map(i -> i.name().instance()).toList())
                    .stream()
                    .collect(Collectors.toMap(Instance::id, Function.identity()));
        }

        private Next start(Image intent, Optional<Instance> found, Instant now) {
            Optional<Policy> policy = app.policies().find(intent.name().policy());
            if (policy.isEmpty()) {
                return giveUp(intent, "its policy is no longer in the file", now);
            }
            if (found.isEmpty() || found.get().isGone()) {
                return giveUp(intent, "the instance is gone", now);
            }
            Instance instance = found.get();
            if (!instance.canBeImaged()) {
                return count(
                        settlement.tryFailed(intent, "the instance is " + instance.state(), now));
            }
            Policy.Imaging how = policy.get().image();
            int volumes =
                    instance.devices().size() - instance.imagedWithout(how.excludeDevices()).size();
            return switch (app.images().create(intent, instance, how)) {
                case Start.Started(var id) -> {
                    started++;
                    app.catalog().save(Change.of(intent, intent.started(id, volumes, now)));
                    yield Next.ON;
                }
                case Start.Adopted(Ami ami) -> {
                    adopted++;
                    adopt(intent, ami, now);
                    yield Next.ON;
                }
                case Start.Later(String why) -> {
                    log.info("{} {} waits: {}", intent.region(), intent.name(), why);
                    waiting++;
                    yield Next.ON;
                }
                case Start.Stop(String why) -> {
                    log.warn("{}: imaging stops here and goes on later: {}", intent.region(), why);
                    waiting++;
                    yield Next.STOP;
                }
                case Start.Failed(String why) -> count(settlement.tryFailed(intent, why, now));
                case Start.Impossible(String why) -> giveUp(intent, why, now);
            };
        }

        /** Its state events may have come before anybody knew it. */
        private void adopt(Image intent, Ami ami, Instant now) {
            Image image = intent.started(ami.id(), ami.snapshots().size(), now);
            if (app.catalog().save(Change.of(intent, image)) && ami.state().equals("available")) {
                settlement.available(image, now);
            }
        }

        private Next giveUp(Image intent, String why, Instant now) {
            return count(settlement.giveUp(intent, why, now));
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
