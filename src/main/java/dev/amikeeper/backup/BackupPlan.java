package dev.amikeeper.backup;

import static java.util.stream.Collectors.joining;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Selector;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which images are to be made, and which requests are refused. */
public record BackupPlan(List<Image> intents, List<Refusal> refusals) {
    /** A request that nobody can fulfill. */
    public record Refusal(InstanceId instance, String why, String remedy) {}

    public BackupPlan {
        intents = List.copyOf(intents);
        refusals = List.copyOf(refusals);
    }

    /** Plans a policy's slot: an image of every instance that it selects, and when it starts. */
    public static BackupPlan scheduled(
            Policy policy, Slot slot, Collection<Instance> instances, Instant now) {
        return new BackupPlan(
                instances.stream()
                        .filter(policy.select()::selects)
                        .map(instance ->
                                spread(
                                        policy,
                                        intent(policy, instance, slot, Trigger.SCHEDULED, now),
                                        now))
                        .toList(),
                List.of());
    }

    /**
     * Plans a request for some instances, whether they were found or not.
     *
     * @param now the time of its event
     * @param clock the time of the function's own clock
     */
    public static BackupPlan requested(
            ImageRequest request,
            Policies policies,
            Collection<Instance> found,
            Instant now,
            Instant clock) {
        Map<InstanceId, Instance> byId =
                found.stream()
                        .collect(
                                Collectors.toMap(
                                        Instance::id, Function.identity(), (one, again) -> one));
        List<Image> intents = new ArrayList<>();
        List<Refusal> refusals = new ArrayList<>();
        for (InstanceId id : request.instances()) {
            Optional<Instance> instance = Optional.ofNullable(byId.get(id));
            List<Policy> taken =
                    instance.map(there -> takenBy(request, policies, there)).orElse(List.of());
            if (taken.isEmpty()) {
                refusal(request, policies, id, instance).ifPresent(refusals::add);
            } else if (isTooLate(request, clock)) {
                refusals.add(tooLate(request, id, clock));
            } else {
                Instance there = instance.orElseThrow();
                taken.forEach(policy ->
                        intents.add(intent(policy, there, request.slot(), request.trigger(), now)));
            }
        }
        return new BackupPlan(intents, refusals);
    }

    /**
     * Whether a request is too late. An image made now under an earlier time would claim to hold
     * the state of that time.
     */
    private static boolean isTooLate(ImageRequest request, Instant clock) {
        return request.slot().time().plus(DueSlots.CATCH_UP).isBefore(clock);
    }

    private static Refusal tooLate(ImageRequest request, InstanceId id, Instant clock) {
        return new Refusal(
                id,
                "it was asked for at %s and came %d h late"
                        .formatted(
                                request.slot(),
                                Duration.between(request.slot().time(), clock).toHours()),
                request.trigger() == Trigger.TAGGED
                        ? "nothing: as long as the tag is there, a sweep takes it as of now"
                        : "ask again, if you want an image as of now");
    }

    private static List<Policy> takenBy(
            ImageRequest request, Policies policies, Instance instance) {
        return meant(request, policies).stream()
                .filter(policy -> policy.on().contains(request.trigger()))
                .filter(policy -> policy.select().selects(instance))
                .toList();
    }

    private static List<Policy> meant(ImageRequest request, Policies policies) {
        return policies.all().stream()
                .filter(policy -> request.policy().map(policy.allNames()::contains).orElse(true))
                .toList();
    }

    /**
     * The refusal of a request, if there is one. Instances stop all the time, so if an instance
     * that no policy selects stops, that is not a request to refuse.
     */
    private static Optional<Refusal> refusal(
            ImageRequest request, Policies policies, InstanceId id, Optional<Instance> instance) {
        if (request.trigger() == Trigger.STOPPED) {
            return Optional.empty();
        }
        Optional<String> unknown = request.policy().filter(name -> policies.find(name).isEmpty());
        if (unknown.isPresent()) {
            return Optional.of(
                    new Refusal(
                            id,
                            "there is no policy " + Texts.quoted(unknown.get()),
                            "name one of " + names(policies.all())));
        }
        if (instance.isEmpty()) {
            return Optional.of(
                    new Refusal(
                            id,
                            "there is no such instance in " + request.region(),
                            "check the id, and send the request in the instance's Region"));
        }
        Instance there = instance.get();
        List<Policy> meant = meant(request, policies);
        List<Policy> selecting =
                meant.stream().filter(policy -> policy.select().selects(there)).toList();
        if (!selecting.isEmpty()) {
            return Optional.of(
                    new Refusal(
                            id,
                            "policy "
                                    + names(selecting)
                                    + " selects it but does not image on \""
                                    + request.trigger().word()
                                    + "\"",
                            "add \"" + request.trigger().word() + "\" to the policy's \"on\""));
        }
        return Optional.of(
                new Refusal(
                        id,
                        (request.policy().isPresent()
                                        ? "policy " + request.policy().get() + " does not select it"
                                        : "no policy selects it")
                                + " (it is "
                                + there.state()
                                + " in "
                                + there.region()
                                + ", tags "
                                + Texts.plain(new TreeMap<>(there.tags()).toString())
                                + ")",
                        remedy(meant, there)));
    }

    /** What would help with the policy that comes closest to selecting the instance. */
    private static String remedy(List<Policy> meant, Instance there) {
        if (there.isGone()) {
            return "it is too late for an image of it: restore it from one that it has, if you"
                    + " need it";
        }
        Map<Selector.Lack, List<Policy>> lacking =
                meant.stream()
                        .collect(
                                Collectors.groupingBy(policy ->
                                        policy.select().obstacle(there).orElseThrow().lack()));
        if (lacking.containsKey(Selector.Lack.IS_A_DRILLS)) {
            return "nothing: it ends by itself";
        }
        List<Policy> otherState = lacking.getOrDefault(Selector.Lack.STATE, List.of());
        if (!otherState.isEmpty()) {
            return "its tags are right, but it is not "
                    + String.join(" or ", new TreeSet<>(otherState.getFirst().select().states()))
                    + ": bring it into that state, or add \""
                    + there.settledState()
                    + "\" to the \"states\" of policy "
                    + names(otherState);
        }
        List<Policy> excepting = lacking.getOrDefault(Selector.Lack.EXCEPTED, List.of());
        if (!excepting.isEmpty()) {
            return "policy "
                    + names(excepting)
                    + " excepts it: "
                    + excepting.getFirst().select().whyNot(there).orElseThrow();
        }
        List<Policy> covering = lacking.getOrDefault(Selector.Lack.TAGS, List.of());
        return covering.isEmpty()
                ? "add " + there.region() + " to the \"regions\" of a policy: " + names(meant)
                : "give it the tags of a policy that covers "
                        + there.region()
                        + ": "
                        + names(covering);
    }

    private static Image intent(
            Policy policy, Instance instance, Slot slot, Trigger trigger, Instant now) {
        ImageName name = new ImageName(policy.name(), instance.id(), slot);
        return Image.intent(name, instance.region(), trigger, now);
    }

    /** A slot that is taken late starts at once what should have started by then. */
    private static Image spread(Policy policy, Image intent, Instant now) {
        Instant start = policy.start(intent.name().slot(), intent.name().instance());
        return start.isAfter(now)
                ? intent.startingAt(start, "the policy spreads the images of a slot")
                : intent;
    }

    private static String names(List<Policy> policies) {
        return policies.stream().map(Policy::name).collect(joining(", "));
    }

    /**
     * Somebody or something asks for images now.
     *
     * @param slot the time of the event: a repeated event means the same images
     * @param policy the policy that is meant; empty for all that select the instance
     */
    public record ImageRequest(
            Trigger trigger,
            Region region,
            Slot slot,
            List<InstanceId> instances,
            Optional<String> policy) {
        public ImageRequest {
            instances = List.copyOf(instances);
        }
    }
}
