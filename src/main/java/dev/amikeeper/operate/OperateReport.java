package dev.amikeeper.operate;

/**
 * What came of an order.
 *
 * @param done 1 if it is done, or was to be shown only
 * @param refused 1 if it is not done; people are told why
 * @param malformed 1 if the event could not be understood
 * @param text what became of it, in a line
 */
public record OperateReport(int done, int refused, int malformed, String text) {}
