/**
 * The simulated cloud: EC2 for images in any number of Regions, with its events, queues and topics,
 * on one virtual clock, and able to fail as told. Never part of what runs in Lambda.
 */
@NullMarked
package dev.amikeeper.local;

import org.jspecify.annotations.NullMarked;
