package dev.amikeeper.queue;

/** A message that SQS is to deliver again, in the words of Lambda's partial batch response. */
public record BatchItemFailure(String itemIdentifier) {}
