package dev.amikeeper.backup;

/**
 * What a tick did.
 *
 * @param slots slots taken, per policy and Region
 * @param missed slots that came too late
 * @param selected instances that those slots' policies select
 * @param requested new intents
 * @param unreadable policies whose Region could not be read; they are tried again
 * @param kicked Regions where images are to be made
 * @param malformed 1 if the event could not be understood
 */
public record ScheduleReport(
        int slots,
        int missed,
        int selected,
        int requested,
        int unreadable,
        int kicked,
        int malformed) {}
