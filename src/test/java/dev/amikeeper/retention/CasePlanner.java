package dev.amikeeper.retention;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.Application;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.AwkwardCase.Outcome;
import dev.amikeeper.usage.Usage;

import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Puts a case before the planner: all that these tests know of how to call it. */
final class CasePlanner {
    private static final Region HOME = new Region("us-east-1");

    private CasePlanner() {}

    /** What becomes of each image, by {@link AwkwardCase.Line#key()}. */
    static Map<String, Outcome> outcomes(AwkwardCase given) {
        Policy policy = policy(given);
        List<PrunePlan> plans = new ArrayList<>();
        given.images().stream()
                .collect(groupingBy(AwkwardCase.Line::region))
                .forEach((region, images) -> plans.add(plan(given, policy, region, images)));
        Map<String, Outcome> outcomes = new HashMap<>();
        given.images()
                .forEach(image -> outcomes.put(image.key(), new Outcome("unjudged", List.of())));
        PolicyPlan.of(
                        policy,
                        plans,
                        new PolicyPlan.PolicyFindings(Optional.of(1), Map.of(), List.of()))
                .plans()
                .stream()
                .flatMap(plan -> plan.verdicts().stream())
                .forEach(verdict -> outcomes.put(key(verdict.image()), outcome(verdict)));
        return outcomes;
    }

    private static Outcome outcome(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Kept(_, var reasons) -> new Outcome("keep", words(reasons));
            case Verdict.Remove _ -> new Outcome("remove", List.of());
            case Verdict.Disable _ -> new Outcome("disable", List.of());
            case Verdict.WaitUntil _ -> new Outcome("wait", List.of());
            case Verdict.Await _ -> new Outcome("await approval", List.of());
            case Verdict.Finish _ -> new Outcome("finish", List.of());
            case Verdict.CallOff(_, var reasons) -> new Outcome("call off", words(reasons));
        };
    }

    private static List<String> words(List<Reason> reasons) {
        return reasons.stream().map(reason -> reason.kind().word()).toList();
    }

    private static String key(Image image) {
        ImageName name = image.name();
        return String.join(
                " ",
                name.policy(),
                name.instance().value(),
                name.slot().toString(),
                image.region().name());
    }

    private static Policy policy(AwkwardCase given) {
        Map<String, Object> policy = new LinkedHashMap<>(given.policy());
        policy.put("select", Map.of("tags", Map.of("backup", given.name())));
        String yaml =
                new Dump(DumpSettings.builder().build())
                        .dumpToString(Map.of("policies", Map.of(given.name(), policy)));
        return Policies.parse(yaml, given.name(), HOME, Application.regions(HOME)).all().getFirst();
    }

    /** The catalogue is asked for the images of one policy in one Region. */
    private static PrunePlan plan(
            AwkwardCase given, Policy policy, String region, List<AwkwardCase.Line> images) {
        List<Image> records = new ArrayList<>();
        Map<ImageId, Ami> inEc2 = new HashMap<>();
        Map<ImageId, List<String>> users = new HashMap<>();
        Set<ImageRef> copySources = new HashSet<>();
        for (AwkwardCase.Line image : images) {
            Image good = good(image);
            ImageId id = good.id().orElseThrow();
            if (image.policy().equals(policy.name())) {
                records.add(record(image, good));
            }
            if (!image.ec2().equals("missing")) {
                inEc2.put(id, ami(image, good));
            }
            users.put(id, image.usedBy());
            if (image.copied()) {
                copySources.add(new ImageRef(good.region(), id));
            }
        }
        users.values().removeIf(List::isEmpty);
        Usage usage =
                Usage.of(List.of(new Usage.Report("instances", given.now(), users, given.blind())));
        Map<ImageId, List<String>> permissions = new HashMap<>();
        inEc2.keySet().forEach(id -> permissions.put(id, List.of()));
        return PrunePlan.of(
                policy,
                new Region(region),
                records,
                new Evidence(
                        inEc2,
                        usage,
                        Optional.of(permissions),
                        copySources,
                        Optional.of(Set.of()),
                        given.now()));
    }

    private static Image good(AwkwardCase.Line image) {
        ImageName name =
                new ImageName(
                        image.policy(), new InstanceId(image.instance()), new Slot(image.slot()));
        ImageId id =
                new ImageId(
                        "ami-%sx%d"
                                .formatted(
                                        image.instance().replace("-", ""),
                                        image.slot().getEpochSecond()));
        Instant made = image.made();
        Region region = new Region(image.region());
        Image intent =
                image.copyFrom()
                        .map(home ->
                                Image.intent(name, new Region(home), Trigger.SCHEDULED, made)
                                        .started(id, 1, made)
                                        .copyTo(region, made))
                        .orElse(Image.intent(name, region, Trigger.SCHEDULED, made));
        return intent.started(id, 1, made).available(false, made);
    }

    private static Image record(AwkwardCase.Line image, Image good) {
        Instant made = image.made();
        Image record =
                switch (image.state()) {
                    case "requested" -> good.again(made, "", made);
                    case "creating" -> good.started(good.id().orElseThrow(), 1, made);
                    case "available" -> good;
                    case "disabled" -> good.disabledByOthers(true);
                    case "retiring" -> good.retiring("", RetentionCases.snapshots(good), made);
                    case "failed" -> good.failed("", made);
                    default -> throw new AssertionError(image.place() + ": no such state");
                };
        return image.adopted() ? RetentionCases.adopted(record) : record;
    }

    private static Ami ami(AwkwardCase.Line image, Image good) {
        Ami ami = RetentionCases.inState(RetentionCases.ami(good), image.ec2());
        if (image.tags().equals("none")) {
            return RetentionCases.withTags(ami, Map.of());
        }
        for (Map.Entry<?, ?> tag : ((Map<?, ?>) image.tags()).entrySet()) {
            ami = RetentionCases.tagged(ami, (String) tag.getKey(), (String) tag.getValue());
        }
        return ami;
    }
}
