package dev.amikeeper.bench;

import com.fasterxml.jackson.annotation.JsonIgnore;

import java.util.List;
import java.util.Map;

/**
 * What one night takes: from one slot of the policy to the next, everything included that runs in
 * these 24 hours.
 *
 * @param version of this format
 * @param calls the calls to EC2 that images cost, by action
 * @param pages how often each action was called that lists or describes many things at once
 * @param throttled how often each action found its token bucket empty, in all nights
 * @param unfinished events and kicks that were given up, in all nights
 */
public record BenchReport(
        int version,
        BenchSetup setup,
        Outcome outcome,
        List<CallLine> calls,
        Map<String, Integer> pages,
        Map<String, Integer> throttled,
        List<PhaseLine> phases,
        List<FunctionLine> functions,
        Dollars dollars,
        int unfinished) {
    /**
     * What was there at the end.
     *
     * @param images how many images the night made, copies included
     * @param twice how many images there are besides the first of their instance, slot and Region
     * @param removed how many images the night removed
     */
    public record Outcome(int images, int twice, int removed) {}

    /**
     * The calls of an action.
     *
     * @param least how many are needed
     */
    public record CallLine(String action, int made, int least) {}

    /**
     * The calls of an action in a Region, in seconds.
     *
     * @param waited from the slot or the schedule to the first call
     * @param took from the first call to the last
     * @param bound what EC2 allows for as many calls as are needed
     */
    public record PhaseLine(
            String action, String region, int calls, double waited, double took, double bound) {}

    /**
     * How a function was used.
     *
     * @param read the catalogue's read units
     * @param write the catalogue's write units
     */
    public record FunctionLine(
            String function,
            int calls,
            int coldStarts,
            int failures,
            double gigabyteSeconds,
            double read,
            double write) {}

    /** What a night costs, and what that is for 1,000 images with their copies. */
    public record Dollars(double lambda, double dynamoDb, double sqs, double perThousand) {}

    /** Whether all images were made, none twice, and no call was throttled. */
    @JsonIgnore
    public boolean isGood() {
        return outcome.images() == setup.imagesANight()
                && outcome.twice() == 0
                && unfinished == 0
                && throttled.isEmpty();
    }

    /** The calls that images cost. */
    public int made() {
        return calls.stream().mapToInt(CallLine::made).sum();
    }

    /** How many of these calls are needed. */
    public int least() {
        return calls.stream().mapToInt(CallLine::least).sum();
    }

    /** The catalogue's read units of a function. */
    double read(String function) {
        return functions.stream()
                .filter(line -> line.function().equals(function))
                .mapToDouble(FunctionLine::read)
                .sum();
    }
}
