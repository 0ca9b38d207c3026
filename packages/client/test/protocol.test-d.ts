import { expectTypeOf, test } from 'vitest'
import type { ClientAction } from '../../core/src/realtime/protocol/actions.ts'
import type { MessageType, ServerMessage as Sent } from '../../core/src/realtime/protocol/messages.ts'
import type { ClientMessage, ServerMessage } from '../src/protocol.ts'

/** The fields of a type after JSON serialisation, which omits `undefined`. */
type Defined<Value> = Value extends object ? { [Key in keyof Value]: Exclude<Value[Key], undefined> } : Value
type Serialized<Message> = { [Key in keyof Message]: Defined<Exclude<Message[Key], undefined>> }

type Of<Union, Type> = Extract<Union, { type: Type }>
type Named<Union, Action> = Extract<Union, { action: Action }>

/** All keys of all members of a union. */
type KeysOf<Union> = Union extends unknown ? keyof Union : never

test('client and server have the same types of messages', () => {
  expectTypeOf<ServerMessage['type']>().toEqualTypeOf<MessageType>()
})

test('messages of the server have the types that the client reads', () => {
  expectTypeOf<Serialized<Sent>>().toExtend<ServerMessage>()
})

test('messages of the server have exactly the fields that the client declares', () => {
  expectTypeOf<{ [Type in MessageType]: KeysOf<Of<ServerMessage, Type>> }>().toEqualTypeOf<{
    [Type in MessageType]: KeysOf<Of<Sent, Type>>
  }>()
})

test('the server accepts all messages of the client', () => {
  expectTypeOf<ClientMessage>().toExtend<ClientAction>()
  expectTypeOf<ClientMessage['action']>().toEqualTypeOf<ClientAction['action']>()
  expectTypeOf<{ [Action in ClientAction['action']]: KeysOf<Named<ClientMessage, Action>> }>().toExtend<{
    [Action in ClientAction['action']]: KeysOf<Named<ClientAction, Action>>
  }>()
})
