package dev.amikeeper.retention;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.usage.Usage;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Describes a plan in words. */
public final class PlanText {
    private PlanText() {}

    /** Returns one line for each image of the plan. */
    public static Stream<PruneReport.PruneLine> lines(PrunePlan plan) {
        return plan.verdicts().stream().map(verdict -> line(plan, verdict));
    }

    /** Says what happens to one image, why, and what happens to it next. */
    private static PruneReport.PruneLine line(PrunePlan plan, Verdict verdict) {
        return switch (verdict) {
            case Verdict.Kept(var image, var reasons) -> kept(plan, image, reasons);
            case Verdict.WaitUntil(var image, var until, var why) ->
                    line(plan, image, "wait", List.of(why), "removed", until.toString());
            case Verdict.Disable(var image, var why, var dwell, _) ->
                    line(
                            plan,
                            image,
                            "disable",
                            List.of(why),
                            "removed",
                            plan.evidence().now().plus(dwell).toString());
            case Verdict.Remove(var image, var why, _) ->
                    line(plan, image, "remove", List.of(why), "gone", "");
            case Verdict.Await(var step, var because) ->
                    line(
                            plan,
                            step.image(),
                            "await approval",
                            Stream.concat(Stream.of(step.why()), because.stream()).toList(),
                            next(step),
                            "");
            case Verdict.Finish(var image, var snapshots) ->
                    line(plan, image, "finish", List.of("to be deleted: " + snapshots), "gone", "");
            case Verdict.CallOff(var image, var reasons) ->
                    line(plan, image, "call off", texts(reasons), "available", "");
        };
    }

    private static String next(Verdict.RemovalStep step) {
        return switch (step) {
            case Verdict.Disable _ -> "disabled";
            case Verdict.Remove _ -> "removed";
        };
    }

    private static PruneReport.PruneLine kept(PrunePlan plan, Image image, List<Reason> reasons) {
        Optional<Instant> deprecation =
                deprecation(plan, image).filter(at -> at.isAfter(plan.evidence().now()));
        return line(
                plan,
                image,
                "keep",
                texts(reasons),
                deprecation.map(at -> "deprecated").orElse(""),
                deprecation.map(Instant::toString).orElse(""));
    }

    /** The deprecation date that the image has, or gets in this run. */
    private static Optional<Instant> deprecation(PrunePlan plan, Image image) {
        Optional<Instant> at = plan.evidence().ami(image).flatMap(Ami::deprecation);
        for (Upkeep upkeep : plan.upkeep()) {
            if (upkeep.image().equals(image)) {
                at =
                        switch (upkeep) {
                            case Upkeep.Deprecate(_, var then) -> Optional.of(then);
                            case Upkeep.Undeprecate _ -> Optional.empty();
                            case Upkeep.Protect _, Upkeep.Unprotect _ -> at;
                        };
            }
        }
        return at;
    }

    private static PruneReport.PruneLine line(
            PrunePlan plan,
            Image image,
            String verdict,
            List<String> reasons,
            String next,
            String at) {
        boolean stays = verdict.equals("keep");
        return new PruneReport.PruneLine(
                image.region().name(),
                plan.policy(),
                image.name().instance().value(),
                image.name().slot().toString(),
                image.id().map(ImageId::value).orElse(""),
                verdict,
                reasons,
                next,
                at,
                stays ? List.of() : evidence(plan.evidence(), image));
    }

    /** What each probe answers for an image, and when that answer was obtained. */
    public static List<String> evidence(Evidence evidence, Image image) {
        return image.id().stream()
                .flatMap(id -> evidence.usage().findings(id).stream())
                .map(finding ->
                        "%s: %s (%s)"
                                .formatted(finding.probe(), answer(finding.answer()), finding.at()))
                .toList();
    }

    private static String answer(Usage.Answer answer) {
        return switch (answer) {
            case Usage.Answer.Used(var by) -> "USED by " + String.join(", ", by);
            case Usage.Answer.Unused() -> "UNUSED";
            case Usage.Answer.Unknown(var because) -> "UNKNOWN: " + String.join(", ", because);
        };
    }

    private static List<String> texts(List<Reason> reasons) {
        return reasons.stream().map(Reason::text).toList();
    }
}
