package dev.amikeeper.cli;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.restore.RestoreText;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code keeper restore --json} prints. */
record RestoreResult(
        int servers,
        int back,
        int failed,
        int missing,
        boolean dryRun,
        List<RestoreLine> lines,
        List<Fill> fill) {
    /** One server. */
    record RestoreLine(
            String instance,
            String name,
            String region,
            String image,
            String asOf,
            String state,
            String restored,
            @Nullable Long seconds,
            String note,
            List<String> plan) {}

    /** An entry that the mapping file lacks; the proposal is empty if there is none. */
    record Fill(
            String part,
            String original,
            String name,
            String proposal,
            List<MissingMapping.Candidate> candidates) {
        static Fill of(MissingMapping blank) {
            return new Fill(
                    blank.part(),
                    blank.original(),
                    blank.name(),
                    blank.proposal().orElse(""),
                    blank.candidates());
        }
    }

    /** The result if nothing has been launched. */
    static RestoreResult planned(
            List<RestorePlan> plans, List<MissingMapping> blanks, boolean dryRun) {
        List<RestoreLine> lines =
                plans.stream()
                        .map(plan ->
                                line(
                                        plan,
                                        plan.isWhole() ? "planned" : "missing",
                                        Optional.empty()))
                        .toList();
        int missing = (int) plans.stream().filter(plan -> !plan.isWhole()).count();
        return new RestoreResult(
                plans.size(), 0, 0, missing, dryRun, lines, blanks.stream().map(Fill::of).toList());
    }

    /** The result after all have ended, in the order of their plans. */
    static RestoreResult of(List<RestorePlan> plans, List<Restore> ended) {
        List<RestoreLine> lines = new ArrayList<>();
        for (int i = 0; i < ended.size(); i++) {
            Restore it = ended.get(i);
            lines.add(line(plans.get(i), word(it.outcome()), Optional.of(it)));
        }
        return new RestoreResult(
                ended.size(),
                RestoreWords.count(ended, Restore.Outcome.PASSED),
                RestoreWords.count(ended, Restore.Outcome.FAILED),
                0,
                false,
                lines,
                List.of());
    }

    private static String word(Restore.Outcome outcome) {
        return switch (outcome) {
            case PASSED -> "back";
            case FAILED -> "failed";
            case UNDER_WAY -> "under way";
        };
    }

    private static RestoreLine line(RestorePlan plan, String state, Optional<Restore> restore) {
        Image from = plan.image();
        return new RestoreLine(
                from.name().instance().value(),
                RestoreWords.name(from),
                from.region().name(),
                from.id().orElseThrow().value(),
                from.name().slot().toString(),
                state,
                restore.flatMap(Restore::instance).map(InstanceId::value).orElse(""),
                restore.flatMap(Restore::took).map(Duration::toSeconds).orElse(null),
                restore.map(Restore::note).orElse(""),
                RestoreText.lines(plan));
    }
}
