package dev.amikeeper.backup;

/**
 * What came of an event that may ask for images.
 *
 * @param requested new intents
 * @param already intents that stood already
 * @param refused instances that nobody images on this event
 * @param ignored 1 if the event asks for nothing
 * @param malformed 1 if the event could not be understood
 */
public record RequestReport(int requested, int already, int refused, int ignored, int malformed) {}
