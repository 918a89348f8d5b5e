/**
 * The simulated cloud: EC2 for images in any number of Regions, with its events, queues and topics,
 * on one virtual clock. It can be told to fail. It never runs in Lambda.
 */
@NullMarked
package dev.amikeeper.local;

import org.jspecify.annotations.NullMarked;
